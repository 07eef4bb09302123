"""The settings tree for every process of the farm, and the log set-up."""
