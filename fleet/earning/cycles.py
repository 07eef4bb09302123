"""How long a fetched job takes at each number of sessions, and whether the workers are what it waits for. Pure.

What was measured at a number of sessions is forgotten once that number has not been measured for a while: the server or
the workers may have become slower or faster since, and an old figure beside a new one would look like a queue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: cycles at a number of sessions before they are compared
_ENOUGH = 5
#: seconds of a part of the latest cycles, and the least number of cycles in it; the means are of one part to two
_PART_S, _LEAST_PART = 60.0, 20
#: seconds after which figures of a number of sessions that was not measured since are forgotten
_FORGOTTEN_S = 300.0
#: cycles up to this much longer than the shortest count as equally long
_UNHINDERED = 1.05
#: a cycle this much longer than the shortest shows that the workers, not the miners, are the bottleneck
_CROWDED = 1.3
#: least number of processes that are busy on average while the workers are the bottleneck: at least one always is
_LEAST_BUSY = 0.7


@dataclass(slots=True)
class _Part:
    """Sums over the cycles of a stretch of time, in seconds."""

    began_at: float
    count: int = 0
    whole: float = 0.0
    waits: float = 0.0


class _Cycles:
    """The latest cycles at one number of sessions: those of the present part, and of the one before it."""

    def __init__(self, now: float) -> None:
        self._before, self._part = _Part(now), _Part(now)
        #: when the last one ended
        self.at = now

    def add(self, seconds: float, waited_s: float, now: float) -> None:
        """Add a cycle and the wait for a worker in it."""
        if self._part.count >= _LEAST_PART and now >= self._part.began_at + _PART_S:
            self._before, self._part = self._part, _Part(now)
        self._part.count += 1
        self._part.whole += seconds
        self._part.waits += waited_s
        self.at = now

    @property
    def count(self) -> int:
        """Number of cycles."""
        return self._before.count + self._part.count

    @property
    def mean_s(self) -> float:
        """Seconds of a cycle."""
        return (self._before.whole + self._part.whole) / self.count

    @property
    def waited_s(self) -> float:
        """Seconds of a cycle in which its job waited for a worker, or was on its way to it or back."""
        return (self._before.waits + self._part.waits) / self.count


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycle:
    """What a fetched job takes."""

    #: seconds without the queue of workers that are the bottleneck; None until measured
    seconds: float | None = None
    #: relative standard error of `seconds`
    error: float = 0.5
    #: jobs a second of the workers; None where they were not the bottleneck
    workers_per_s: float | None = None
    #: seconds of `seconds` in which the job waited for a process that was busy with another one
    queued_s: float = 0.0


class CycleTimes:
    """Collects the cycles by number of sessions. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._by_own: dict[int, _Cycles] = {}
        #: the shortest wait for a worker, which is the round trip to it
        self._way_s = math.inf

    def add(self, seconds: float, *, own: int, waited_s: float, now: float) -> None:
        """A job took `seconds` while `own` sessions were open, and waited `waited_s` of these for a worker."""
        self._by_own.setdefault(own, _Cycles(now)).add(seconds, waited_s, now)
        self._by_own = {number: one for number, one in self._by_own.items() if one.at >= now - _FORGOTTEN_S}

    def away(self, waited_s: float) -> None:
        """A job of any kind spent `waited_s` seconds in the queue and on its way to a worker and back."""
        self._way_s = min(self._way_s, waited_s)

    def cycle(self, *, kernel_s: float, free_per_s: float) -> Cycle:
        """The estimate, if kernels take `kernel_s` and each session brings `free_per_s` jobs a second without a fetch.

        The shortest wait counts as distance, the rest as queueing: hosts at very different distances look like a queue.
        """
        if not self._by_own:
            return Cycle()
        # a few cycles show no queue, so they don't count beside a number of sessions with more
        counted = {own: one for own, one in self._by_own.items() if one.count >= _ENOUGH} or self._by_own
        shortest_s = min(one.mean_s for one in counted.values())
        unhindered = [own for own, one in counted.items() if one.mean_s <= _UNHINDERED * shortest_s]
        least, most = max(unhindered, key=lambda own: self._by_own[own].count), max(self._by_own)
        here, crowded, workers = self._by_own[least], self._by_own[most], None
        cycle_s, error = here.mean_s, max(0.3 / math.sqrt(here.count), 0.01)
        if crowded.count >= _ENOUGH and most > least and crowded.mean_s > _CROWDED * cycle_s:
            workers = _computed_per_s(most, crowded, free_per_s)
        queued_s = max(here.waited_s - self._way_s, 0.0)
        if here.count < _ENOUGH or not _queues(least, here, free_per_s, kernel_s, kernel_s + self._way_s):
            return Cycle(seconds=cycle_s, error=error, workers_per_s=workers)
        if queued_s > (_CROWDED - 1) * (cycle_s - queued_s):
            at_least = _computed_per_s(least, here, free_per_s)
            return Cycle(seconds=cycle_s - queued_s, error=error, workers_per_s=workers or at_least)
        return Cycle(seconds=cycle_s, error=error, workers_per_s=workers, queued_s=queued_s)


def _computed_per_s(own: int, cycles: _Cycles, free_per_s: float) -> float:
    """Jobs a second that the workers compute with `own` sessions, those without a fetch included."""
    return own / cycles.mean_s + own * free_per_s


def _queues(own: int, cycles: _Cycles, free_per_s: float, kernel_s: float, busy_s: float) -> bool:
    """Whether jobs can have waited for each other: more than one is at the workers, and they are busy most of the time.

    A single job that is away for long waits for a slow machine or network, not for another job.
    """
    jobs_per_s = _computed_per_s(own, cycles, free_per_s)
    at_workers = jobs_per_s * (kernel_s + cycles.waited_s)
    return at_workers > 1 and jobs_per_s * busy_s >= _LEAST_BUSY
