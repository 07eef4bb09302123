"""The queue's part by other means: the same jobs, the same kernels, the same stream of results."""
