"""The code of a worker host: the messages to and from the coordinator, the kernels, the Celery app."""
