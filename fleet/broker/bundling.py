"""Which waiting jobs travel together in one Celery message. Pure.

Celery costs one to two milliseconds a message, more than a light kernel. So when a turn has several jobs for the
workers, those that take next to no time share a message: alone, each would wait longer for Celery than it does for
the others. While jobs wait long for a worker, or on their way to one, they are held back for a tenth of that, so that
more of them share a message, and longer ones too. One that was dispatched before goes alone: were it the one that kills
its process, it would take others with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet.domain.effects import Dispatch
from tasks.jobtypes import JOB_TYPES
from tasks.messages import MOST_IN_BUNDLE

#: what one job more counts in a mean
_WEIGHT = 0.05
#: jobs are held back for this share of the time that they would wait anyway
_SHARE = 0.1
#: and never for longer; where it would be less than the other, there is nothing to gain
_MOST_HELD_S = 1.0
_LEAST_HELD_S = 0.005
#: before the first result has told how long they wait
_UNTOLD_HELD_S = 0.1


class Pace:
    """How long jobs took lately: means in which the newest count most."""

    def __init__(self) -> None:
        #: inside the kernel, by type
        self._mean_ms: dict[str, float] = {}
        #: from the order to the result, less the kernel
        self._wait_s: float | None = None

    def computed(self, job_type: str, ms: float) -> None:
        """A job took so long; a worker says so, and may lie."""
        self._mean_ms[job_type] = _moved(self._mean_ms.get(job_type), ms)

    def waited(self, seconds: float) -> None:
        """A result came so long after its job was ordered, the time in the kernel taken away."""
        self._wait_s = _moved(self._wait_s, seconds)

    def hold_s(self, at_workers: int) -> float:
        """How long a job may be held back, so that others share its message, while so many are at the workers.

        0 while results come at once, or where no other job is to be expected meanwhile.
        """
        hold_s = _UNTOLD_HELD_S if self._wait_s is None else min(self._wait_s * _SHARE, _MOST_HELD_S)
        return hold_s if hold_s >= _LEAST_HELD_S and at_workers * _SHARE >= 1 else 0.0

    def expected_ms(self, job_type: str) -> float:
        """The mean of a type, or what is typical while nothing has told."""
        return self._mean_ms.get(job_type, JOB_TYPES[job_type].typical_ms)


def _moved(mean: float | None, newest: float) -> float:
    """A mean with one value more; the first value is the mean."""
    return newest if mean is None else mean + _WEIGHT * (newest - mean)


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
