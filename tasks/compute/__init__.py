"""What a job computes: payload bounds, kernels, and the table of job types."""
