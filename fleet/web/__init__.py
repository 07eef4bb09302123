"""What the coordinator serves to programs on its own machine: metrics for Prometheus."""
