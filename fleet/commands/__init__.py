"""The `fleet` command, one file a subcommand."""
