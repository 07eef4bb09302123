"""The coordinator's process: its start, its loop, the scheduler of calls, and its output."""
