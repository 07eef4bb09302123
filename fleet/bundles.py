"""Which waiting jobs travel together in one Celery message. Pure.

Celery costs one to two milliseconds a message, more than a light kernel. So when a turn has several jobs for the
workers, those that take next to no time share a message: alone, each would wait longer for Celery than it does for
the others. One that was dispatched before goes alone: were it the one that kills its process, it would take others
with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet.effects import Dispatch
from tasks.messages import MOST_IN_BUNDLE

#: what one job more counts in its type's mean time
_WEIGHT = 0.05


class Pace:
    """How long jobs took at the workers lately, by type: a mean in which the newest count most."""

    def __init__(self) -> None:
        self._mean_ms: dict[str, float] = {}

    def computed(self, job_type: str, ms: float) -> None:
        """A job took so long; a worker says so, and may lie."""
        mean_ms = self._mean_ms.get(job_type, ms)
        self._mean_ms[job_type] = mean_ms + _WEIGHT * (ms - mean_ms)

    def expected_ms(self, job_type: str) -> float | None:
        """The mean; None where nothing is known."""
        return self._mean_ms.get(job_type)


def pack(orders: Sequence[Dispatch], most_ms: float) -> list[list[Dispatch]]:
    """The orders as messages of one job or more, each job in one of them.

    Jobs that share a message are expected to take at most `most_ms` in all; where that is 0, each goes alone.
    """
    messages: list[list[Dispatch]] = []
    bundle: list[Dispatch] = []
    filled_ms = 0.0
    for order in orders:
        ms = order.expected_ms
        alone = not most_ms or order.only_if_idle or order.message.attempt > 1
        if alone or ms is None or ms > most_ms:
            messages.append([order])
            continue
        if not bundle or len(bundle) == MOST_IN_BUNDLE or filled_ms + ms > most_ms:
            # where its first job would have been
            bundle, filled_ms = [], 0.0
            messages.append(bundle)
        bundle.append(order)
        filled_ms += ms
    return messages
