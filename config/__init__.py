"""One settings tree for every process of the farm, and one log set-up."""
