"""What a number of miners earns at a server, learnt from its answers, and how many of them to keep open. Pure."""
