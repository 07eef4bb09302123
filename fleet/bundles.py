"""Which waiting jobs travel together in one Celery message. Pure.

Celery costs one to two milliseconds a message, more than a light kernel. So when a turn has several jobs for the
workers, those that take next to no time share a message: alone, each would wait longer for Celery than it does for
the others. While the workers are busy with what waits in the queue already, jobs are held back for a moment, so that
more of them share one, and longer ones too: they would only wait in the queue. One that was dispatched before goes
alone: were it the one that kills its process, it would take others with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from fleet.effects import Dispatch
from tasks.messages import MOST_IN_BUNDLE

#: what one job more counts in its type's mean time
_WEIGHT = 0.05
#: seconds over which the rate is a mean at which workers take messages
_RATE_S = 1.0
#: jobs are held back, and may share a message, for this share of the time that the queue lasts
_SHARE = 0.1
#: and never for longer
_MOST_HELD_S = 0.02
_MOST_SHARED_MS = 25.0


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


class Backlog:
    """How long what waits in the queue will keep the workers busy: its length over the rate at which they take it."""

    def __init__(self) -> None:
        self._waiting = 0
        self._rate = 0.0
        self._at: float | None = None

    def seen(self, waiting: int, published: int, now: float) -> None:
        """So many messages wait at `now`, monotonic seconds, after so many were published since the last look."""
        if self._at is not None and now > self._at:
            passed = now - self._at
            taken = max(self._waiting + published - waiting, 0)
            self._rate += (1 - math.exp(-passed / _RATE_S)) * (taken / passed - self._rate)
        self._waiting, self._at = waiting, now

    @property
    def lasts_s(self) -> float:
        """Seconds; 0 where nothing waits or no worker takes anything."""
        return self._waiting / self._rate if self._rate > 0 else 0.0

    @property
    def hold_s(self) -> float:
        """How long jobs may be held back without a worker falling idle for it."""
        return min(self.lasts_s * _SHARE, _MOST_HELD_S)

    def shared_ms(self, least_ms: float) -> float:
        """How long the jobs of one message may take."""
        return max(least_ms, min(self.lasts_s * _SHARE * 1000, _MOST_SHARED_MS))


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
