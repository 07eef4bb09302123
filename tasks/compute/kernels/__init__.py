"""The numpy kernels, one a file: `kernel(payload, rng)` gives a result of plain JSON values and has no effect."""
