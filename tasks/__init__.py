"""What a worker host runs: the wire to the coordinator, the kernels, the Celery app."""
