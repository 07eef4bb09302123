"""The numpy kernels, one per file: `kernel(payload, rng)` returns plain JSON values and has no side effects."""
