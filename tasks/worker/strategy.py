"""Jobs that a worker leaves to others: those that failed on its host, and all while it tests itself or pauses."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from celery.worker.strategy import default

from tasks.broker.envelope import check_arguments
from tasks.errors import MessageError
from tasks.host.pausing import pausing
from tasks.messages import AVOID_HEADER
from tasks.worker.failures import failures
from tasks.worker.signatures import signatures

#: how long a message left to others is held back, in seconds
LEAVE_S = 0.1
#: Most messages held back at once that take up no slot of this worker. Those of the best queue come back to it first,
#: so with a slot each they would keep this worker from its other queues.
_MOST_ASIDE = 32
#: a message that was left so often, over so many seconds, is taken after all: nobody else is there to take it
_MOST_LEAVES, _LEAVES_S = 30, 15.0
#: most messages whose leaves are counted
_MOST_COUNTED = 256
_log = logging.getLogger(__name__)


class Leaves:
    """Counts how often each message was left to other workers. Times are monotonic seconds."""

    def __init__(self) -> None:
        #: id → how often, and when first
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def suffice(self, task_id: str, now: float) -> bool:
        """Whether to take a message of this id now; otherwise it is left once more."""
        count, since = self._counts.pop(task_id, (0, now))
        if count >= _MOST_LEAVES and now - since >= _LEAVES_S:
            return True
        self._counts[task_id] = count + 1, since
        if len(self._counts) > _MOST_COUNTED:
            self._counts.popitem(last=False)
        return False


class Aside:
    """Grants a worker one message more for each that it holds back. `qos` is Celery's, of the current connection."""

    def __init__(self) -> None:
        self._held = 0

    def begin(self, qos: Any) -> Callable[[], None]:
        """Hold a message back. Returns what to call once it is given back."""
        if self._held >= _MOST_ASIDE:
            return lambda: None
        self._held += 1
        qos.increment_eventually()

        def end() -> None:
            self._held -= 1
            # after a reconnection this is no longer the worker's
            qos.decrement_eventually()

        return end


_aside = Aside()


def selective(task: Any, app: Any, consumer: Any) -> Callable[..., None]:
    """Celery's default strategy, except for messages that are left to other workers."""
    take, leaves = default(task, app, consumer), Leaves()

    def handle(message: Any, *more: Any, **names: Any) -> None:
        payload = _payload(message)
        check_arguments(payload)
        signatures.check(message.headers["task"], message.headers["id"], payload[0][0])
        left_by = message.headers.get(AVOID_HEADER) or ()
        avoided = any(name in left_by for name in signatures.names(consumer.hostname))
        # the last one may have been on its way when the worker began to pause
        idle = failures.testing or pausing.reason or failures.needs_test(consumer.pool.num_processes)
        if idle or (avoided and not leaves.suffice(message.headers["id"], time.monotonic())):
            consumer.timer.call_after(LEAVE_S, _leave, (message, consumer, _aside.begin(consumer.qos)))
        else:
            take(message, *more, **names)

    return handle


def _payload(message: Any) -> Any:
    """A message's decoded body, which kombu caches."""
    try:
        return message.payload
    except Exception as exc:
        raise MessageError(f"its body can't be read: {exc!r:.120}") from exc


def _leave(message: Any, consumer: Any, done: Callable[[], None]) -> None:
    """Put a message back, behind those that are waiting."""
    message.reject_log_error(_log, consumer.connection_errors, requeue=True)
    done()
