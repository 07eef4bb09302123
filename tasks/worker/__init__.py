"""The Celery worker: its app, its start, its way to Redis, and what watches it."""
