"""What a run prints: the first lines, the running output, a drain's progress, and the closing figures."""
