"""The `fleet` command, one file per subcommand; `arguments` and `printing` serve several of them."""
