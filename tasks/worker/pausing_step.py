"""The worker's boot step that pauses or drains it, or lets it help: what it holds is computed in any case."""

from __future__ import annotations

import logging
from typing import Any

from celery import bootsteps
from celery.worker import state

from tasks.broker.repeating_step import RepeatingStep
from tasks.host import stopping
from tasks.host.pausing import DRAIN, pausing
from tasks.host.vital import EXIT_CODE
from tasks.worker.consuming import OwnQueues
from tasks.worker.failures import failures

#: seconds between two looks
_LOOK_S = 0.2
_log = logging.getLogger(__name__)


class _Orders:
    """Follows the farm's orders for this host. A drain ends this worker, if it was not there before it."""

    def __init__(self, time_limit_s: float) -> None:
        self._time_limit_s = time_limit_s
        #: the order that was last followed; None before the first
        self._last: str | None = None
        self._ends = False

    def follow(self, order: str | None) -> None:
        """Say that the order has changed, and end the worker once it is drained."""
        if order is None:
            return
        if order != (self._last or ""):
            _log.warning("%s", pausing.ordered or "the farm resumes this host")
        self._last, self._ends = order, self._ends or order != DRAIN
        if order == DRAIN and self._ends and not state.reserved_requests and state.should_stop is None:
            _end(self._time_limit_s)


def pausing_step(time_limit_s: float, queues: OwnQueues) -> type[bootsteps.StartStopStep]:
    """The step, which leaves `queues`; once drained, the worker must have ended within a kernel's time limit."""
    orders = _Orders(time_limit_s)

    class PausingStep(RepeatingStep):
        #: whether this step has left the queues. Whoever else did so is not corrected: a deaf worker ends itself.
        left = False

        def start(self, consumer: Any) -> None:
            if pausing.reason:
                # the consumer begins after this step: a host that is paused takes no message at its start
                self.left = True
                queues.leave(consumer)
            self.repeat(consumer, _LOOK_S, self._look, consumer)

        def _look(self, consumer: Any) -> None:
            if pausing.reason and queues.consumed(consumer):
                self.left = True
                queues.leave(consumer)
            elif self.left and not pausing.reason and not failures.testing:
                self.left = False
                queues.come_back(consumer)
            elif not pausing.reason and not failures.testing:
                queues.help(consumer)
            orders.follow(pausing.order)

    return PausingStep


def _end(time_limit_s: float) -> None:
    _log.warning("this worker has finished its jobs and ends")
    stopping.begin()
    stopping.end_within(time_limit_s, lambda _: None, EXIT_CODE)
    state.should_stop = 0
