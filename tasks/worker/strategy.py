"""Jobs that a worker leaves to others: those that failed on its host before, and all while it tests itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import bootsteps
from celery.worker import state
from celery.worker.strategy import default

from tasks.broker.envelope import check_arguments
from tasks.errors import MessageError
from tasks.host import stopping
from tasks.messages import AVOID_HEADER, JOBS_QUEUE
from tasks.worker.failures import failures
from tasks.worker.selftest import SelfTest

#: EX_UNAVAILABLE: its service manager waits before a restart, which would end the same
EXIT_CODE = 69
#: how long a message left to others is held back, in seconds; meanwhile it takes up a slot of this worker
LEAVE_S = 0.1
_LOOK_S = 0.2
_log = logging.getLogger(__name__)


def selective(task: Any, app: Any, consumer: Any) -> Callable[..., None]:
    """Celery's default strategy, except for messages that are left to other workers."""
    take = default(task, app, consumer)

    def handle(message: Any, *more: Any, **names: Any) -> None:
        check_arguments(_payload(message))
        avoided = consumer.hostname in (message.headers.get(AVOID_HEADER) or ())
        if avoided or failures.testing or failures.doubtful(consumer.pool.num_processes):
            consumer.timer.call_after(LEAVE_S, _leave, (message, consumer))
        else:
            take(message, *more, **names)

    return handle


def _payload(message: Any) -> object:
    """A message's decoded body, which kombu caches."""
    try:
        return message.payload
    except Exception as exc:
        raise MessageError(f"its body can't be read: {exc!r:.120}") from exc


def _leave(message: Any, consumer: Any) -> None:
    """Put a message back, behind those that are waiting."""
    message.reject_log_error(_log, consumer.connection_errors, requeue=True)


def self_test_step(time_limit_s: float) -> type[bootsteps.StartStopStep]:
    """The step that tests a worker after repeated failures, and ends it when the test fails."""

    class SelfTestStep(bootsteps.StartStopStep):  # type: ignore[misc]  # celery ships no types
        requires = ("celery.worker.consumer.tasks:Tasks",)
        test: SelfTest | None = None

        def start(self, consumer: Any) -> None:
            self._timer = consumer.timer.call_repeatedly(_LOOK_S, self._look, (consumer,))

        def stop(self, _consumer: Any) -> None:
            timer = getattr(self, "_timer", None)
            if timer is not None:
                timer.cancel()

        def _look(self, consumer: Any) -> None:
            if self.test is None and failures.doubtful(consumer.pool.num_processes):
                _log.warning("%d jobs in a row came to nothing: this worker tests itself", failures.in_row)
                self.test, failures.testing = SelfTest(time_limit_s), True
                consumer.cancel_task_queue(JOBS_QUEUE)
            verdict = None if self.test is None else self.test.outcome()
            if verdict is None:
                return
            self.test = None
            if verdict:
                # takes no more messages until it has ended
                _end(verdict, time_limit_s)
                return
            _log.warning("the known jobs went well: it is the others that fail")
            failures.passed()
            failures.testing = False
            consumer.add_task_queue(JOBS_QUEUE)

    return SelfTestStep


def _end(reason: str, time_limit_s: float) -> None:
    _log.error("this host can't compute: %s; this worker ends with exit code %d", reason, EXIT_CODE)
    stopping.begin()
    stopping.end_within(time_limit_s, lambda _: None, EXIT_CODE)
    state.should_stop = EXIT_CODE
