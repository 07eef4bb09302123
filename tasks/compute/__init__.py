"""The computation of jobs: payload limits, kernels, and the table of job types."""
