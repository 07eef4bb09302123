"""Settings that are read again while the farm mines: what asks for that, what changes, and how it takes effect."""
