"""A step of a worker's consumer that does something again and again while the worker is connected to Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import bootsteps


class RepeatingStep(bootsteps.StartStopStep):  # type: ignore[misc]  # celery ships no types
    """Begins by `repeat` once the consumer takes jobs, and stops when the connection is lost or the worker ends."""

    requires: Any = ("celery.worker.consumer.tasks:Tasks",)
    _timer: Any = None

    def repeat(self, consumer: Any, every_s: float, function: Callable[..., None], *arguments: object) -> None:
        """Call the function on the consumer's loop, every so many seconds."""
        self._timer = consumer.timer.call_repeatedly(every_s, function, arguments)

    def stop(self, _consumer: Any) -> None:
        """Cancel the calls; a new connection starts the step again."""
        if self._timer is not None:
            self._timer.cancel()
