"""The coordinator's side of Redis: jobs out, results in."""
