"""The checks behind `fleet doctor`: server, Redis, ledger, disk, limits, ports and secrets, each finding in a line."""
