"""Measurements, one part a file; each prints a table and writes rows for `make bench`."""
