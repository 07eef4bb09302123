"""What this host has and how fast it computes: the measurement behind `fleet bench host`."""
