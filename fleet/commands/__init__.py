"""The `fleet` command, one file per subcommand."""
