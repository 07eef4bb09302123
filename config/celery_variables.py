"""Variables of another program that uses Celery, which Celery itself prefers to what an app says."""

from __future__ import annotations

import os

_NAMES = (
    "CELERY_BROKER_URL",
    "CELERY_BROKER_READ_URL",
    "CELERY_BROKER_WRITE_URL",
    "CELERY_RESULT_BACKEND",
    "CELERY_LOADER",
    "CELERY_CONFIG_MODULE",
)


def forget_celery_variables() -> None:
    """Take them out of this process's environment: jobs would go to that program's Redis, and its tasks come here."""
    for name in _NAMES:
        os.environ.pop(name, None)
