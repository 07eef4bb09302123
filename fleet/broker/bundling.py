"""Packs waiting jobs into Celery messages. Pure.

Celery costs one to two milliseconds a message, more than a light kernel. So when a turn has several jobs for the
workers, the light ones share a message: alone, each would wait longer for Celery than it waits for the others. While
jobs wait long for a worker, or on their way to one, new jobs are held back for a tenth of that time, so that more of
them share a message, including heavier ones; those of a queue that waits longer than the others, for longer. A job that
was dispatched before goes alone: if it kills its process, it takes no other job with it. One whose result is only
checked shares a message with others that the same hosts computed: each message has to keep away from those, and far
from Redis few messages a second are possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fleet.domain.effects import Dispatch
from tasks.data_size import MAX_DATA_BYTES
from tasks.jobtypes import JOB_TYPES
from tasks.messages import MOST_IN_BUNDLE

#: weight of the newest sample in the moving average
_WEIGHT = 0.05
#: jobs are held back for this fraction of the time that they would wait anyway
_SHARE = 0.1
#: longest and shortest hold, in seconds; a shorter one gains nothing, so jobs are not held at all
_MOST_HELD_S = 1.0
_LEAST_HELD_S = 0.005
#: hold before the first result has shown how long jobs wait, in seconds
_DEFAULT_HELD_S = 0.1


class BundlePace:
    """Moving averages of how long jobs took lately."""

    def __init__(self) -> None:
        #: kernel time in milliseconds, by job type
        self._mean_ms: dict[str, float] = {}
        #: seconds from the dispatch to the result, less the kernel time: of all jobs, and by queue
        self._wait_s: float | None = None
        self._queue_wait_s: dict[str, float] = {}

    def computed(self, job_type: str, ms: float) -> None:
        """Add the kernel time of a job, as stated by a worker, which may lie."""
        self._mean_ms[job_type] = _moved(self._mean_ms.get(job_type), ms)

    def waited(self, queue: str, seconds: float) -> None:
        """Add the time from the dispatch of a job in a queue to its result, less the kernel time, in seconds."""
        self._wait_s = _moved(self._wait_s, seconds)
        self._queue_wait_s[queue] = _moved(self._queue_wait_s.get(queue), seconds)

    def hold_s(self, queue: str, at_workers: int) -> float:
        """Seconds to hold a job of a queue back for others to share its message, with `at_workers` jobs at the workers.

        0 if results come at once, or if no other job is expected in that time.
        """
        if self._wait_s is None:
            hold_s = _DEFAULT_HELD_S
        else:
            hold_s = min(max(self._wait_s, self._queue_wait_s.get(queue, 0.0)) * _SHARE, _MOST_HELD_S)
        return hold_s if hold_s >= _LEAST_HELD_S and at_workers * _SHARE >= 1 else 0.0

    def expected_ms(self, job_type: str) -> float:
        """The average kernel time of a type in milliseconds, or its typical time while none is known."""
        return self._mean_ms.get(job_type, JOB_TYPES[job_type].typical_ms)


def _moved(mean: float | None, newest: float) -> float:
    """The moving average after `newest`. The first value is the average."""
    return newest if mean is None else mean + _WEIGHT * (newest - mean)


def pack(orders: Sequence[Dispatch], most_ms: float, size_of: Callable[[Dispatch], int]) -> list[list[Dispatch]]:
    """The orders as messages of one or more jobs, each job in exactly one message.

    Jobs that share a message are expected to take at most `most_ms` in all, and their data is no longer than one job's
    may be; `size_of` gives its length as text. If `most_ms` is 0, each job goes alone.
    """
    messages: list[list[Dispatch]] = []
    bundles: dict[tuple[str, ...], _Bundle] = {}
    for order in orders:
        ms = order.expected_ms
        alone = not most_ms or order.only_if_idle or (order.message.attempt > 1 and not order.checks)
        if alone or ms is None or ms > most_ms:
            messages.append([order])
            continue
        size, bundle = size_of(order), bundles.get(order.avoid)
        if bundle is None or not bundle.takes(ms, size, most_ms):
            # the bundle takes the place of its first job
            bundle = bundles[order.avoid] = _Bundle()
            messages.append(bundle.orders)
        bundle.add(order, ms, size)
    return messages


@dataclass(kw_only=True, slots=True)
class _Bundle:
    """Jobs that share a message, and what they take together."""

    orders: list[Dispatch] = field(default_factory=list)
    ms: float = 0.0
    size_bytes: int = 0

    def takes(self, ms: float, size_bytes: int, most_ms: float) -> bool:
        """Whether one more job has room."""
        fits = self.ms + ms <= most_ms and self.size_bytes + size_bytes <= MAX_DATA_BYTES
        return fits and len(self.orders) < MOST_IN_BUNDLE

    def add(self, order: Dispatch, ms: float, size_bytes: int) -> None:
        self.orders.append(order)
        self.ms += ms
        self.size_bytes += size_bytes
