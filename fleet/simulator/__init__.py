"""A NeoNet server for demos, tests and benchmarks: every release's dialect, every fault, and a book of what it paid."""
