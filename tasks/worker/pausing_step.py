"""The worker's boot step that pauses or drains it: what it holds is computed, nothing new is taken."""

from __future__ import annotations

import logging
from typing import Any

from celery import bootsteps
from celery.worker import state

from tasks.host import stopping
from tasks.host.pausing import DRAIN, pausing
from tasks.host.vital import EXIT_CODE
from tasks.messages import JOBS_QUEUE
from tasks.worker.failures import failures

#: seconds between two looks
_LOOK_S = 0.2
_log = logging.getLogger(__name__)


def pausing_step(time_limit_s: float) -> type[bootsteps.StartStopStep]:
    """The step; once drained, the worker must have ended within a kernel's time limit."""

    class PausingStep(bootsteps.StartStopStep):  # type: ignore[misc]  # celery ships no types
        requires = ("celery.worker.consumer.tasks:Tasks",)
        #: the order that was last followed, and whether a drain ends this worker: not one that was there before it
        order: str | None = None
        ends = False
        #: whether this step has left the queue. Whoever else did so is not corrected: a deaf worker ends itself.
        left = False

        def start(self, consumer: Any) -> None:
            if pausing.reason:
                # the consumer begins after this step: a host that is paused takes no message at its start
                self.left = True
                consumer.cancel_task_queue(JOBS_QUEUE)
            self._timer = consumer.timer.call_repeatedly(_LOOK_S, self._look, (consumer,))

        def stop(self, _consumer: Any) -> None:
            timer = getattr(self, "_timer", None)
            if timer is not None:
                timer.cancel()

        def _look(self, consumer: Any) -> None:
            takes = consumer.task_consumer.consuming_from(JOBS_QUEUE)
            if pausing.reason and takes:
                self.left = True
                consumer.cancel_task_queue(JOBS_QUEUE)
            elif self.left and _may_take():
                self.left = False
                consumer.add_task_queue(JOBS_QUEUE)
            self._follow(pausing.order)

        def _follow(self, order: str | None) -> None:
            if order is None:
                return
            if order != (self.order or ""):
                _log.warning("%s", pausing.ordered or "the farm resumes this host")
            self.order, self.ends = order, self.ends or order != DRAIN
            if order == DRAIN and self.ends and _is_idle():
                _end(time_limit_s)

    return PausingStep


def _is_idle() -> bool:
    return not state.reserved_requests and state.should_stop is None


def _may_take() -> bool:
    return not pausing.reason and not failures.testing


def _end(time_limit_s: float) -> None:
    _log.warning("this worker has finished its jobs and ends")
    stopping.begin()
    stopping.end_within(time_limit_s, lambda _: None, EXIT_CODE)
    state.should_stop = 0
