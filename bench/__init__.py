"""The benchmark, one part per file; each part prints a table and writes rows for `make bench`."""
