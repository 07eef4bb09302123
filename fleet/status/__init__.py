"""What the farm is and earns at this moment, as one value that terminal, metrics and programs read alike."""
