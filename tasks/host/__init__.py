"""The machine that a process runs on: cores, memory, open files, BLAS threads, signals, systemd."""
