"""The current state and income of the farm, as one value that terminal, metrics and programs read."""
