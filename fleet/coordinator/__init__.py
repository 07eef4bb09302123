"""The coordinator's process: its loop, and a package each for what it decides, prints, observes and starts with."""
