"""The `fleet` command, a file per subcommand, and what a few of them share; `arguments` and `printing` serve many."""
