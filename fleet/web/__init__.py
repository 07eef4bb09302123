"""What the coordinator serves by HTTP: the farm's pages, its API with tokens, and metrics for Prometheus."""
