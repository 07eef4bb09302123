"""What pauses and resumes a farm while it runs: controls, its schedule, power prices, and checked work."""
