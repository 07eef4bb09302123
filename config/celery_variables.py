"""Removes environment variables of other Celery programs, which would override this app's settings."""

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
    """Remove them from this process's environment.

    Otherwise jobs would go to the other program's Redis, and its tasks would come here.
    """
    for name in _NAMES:
        os.environ.pop(name, None)
