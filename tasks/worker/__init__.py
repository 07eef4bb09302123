"""The Celery worker: its app, its start, its results, its self-test and its watchdog."""
