"""Jobs that a worker leaves to others: those that failed on its host, and all while it tests itself or pauses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery.worker.strategy import default

from tasks.broker.envelope import check_arguments
from tasks.errors import MessageError
from tasks.host.pausing import pausing
from tasks.messages import AVOID_HEADER
from tasks.worker.failures import failures
from tasks.worker.signatures import signatures

#: how long a message left to others is held back, in seconds; meanwhile it takes up a slot of this worker
LEAVE_S = 0.1
_log = logging.getLogger(__name__)


def selective(task: Any, app: Any, consumer: Any) -> Callable[..., None]:
    """Celery's default strategy, except for messages that are left to other workers."""
    take = default(task, app, consumer)

    def handle(message: Any, *more: Any, **names: Any) -> None:
        payload = _payload(message)
        check_arguments(payload)
        signatures.check(message.headers["task"], message.headers["id"], payload[0][0])
        left_by = message.headers.get(AVOID_HEADER) or ()
        avoided = any(name in left_by for name in signatures.names(consumer.hostname))
        # the last one may have been on its way when the worker began to pause
        if avoided or failures.testing or pausing.reason or failures.needs_test(consumer.pool.num_processes):
            consumer.timer.call_after(LEAVE_S, _leave, (message, consumer))
        else:
            take(message, *more, **names)

    return handle


def _payload(message: Any) -> Any:
    """A message's decoded body, which kombu caches."""
    try:
        return message.payload
    except Exception as exc:
        raise MessageError(f"its body can't be read: {exc!r:.120}") from exc


def _leave(message: Any, consumer: Any) -> None:
    """Put a message back, behind those that are waiting."""
    message.reject_log_error(_log, consumer.connection_errors, requeue=True)
