"""A whole farm on one machine: the supervisor behind `fleet up` and its child processes."""
