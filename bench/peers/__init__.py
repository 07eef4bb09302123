"""Other task queues with the same jobs, kernels and results stream as the fleet's."""
