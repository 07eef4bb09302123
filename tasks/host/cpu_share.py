"""Keeps a worker to its share of the CPU: how many processes compute, and how long each rests between two jobs. Pure.

A job runs at full speed, and its process rests before the next one. The worker's main process is counted, too: each
computing process works off an equal part of its time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: CPU seconds below which no rest is worth the switch, and how many unused ones may be used later
_LEAST_S, _CREDIT_S = 0.01, 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class CpuShare:
    """What a worker may use of the cores that it has."""

    #: of all cores
    percent: float
    #: cores of the host that the worker may use at all
    cores: int

    @property
    def processes(self) -> int:
        """The number of processes that suffice for the share, at least one."""
        return max(1, math.ceil(round(self._cores_at_once, 6)))

    def each(self, processes: int) -> float:
        """The part of one core that each of so many processes may use."""
        return self._cores_at_once / processes

    @property
    def _cores_at_once(self) -> float:
        return self.cores * self.percent / 100


class Rest:
    """Says how long a process has to rest. Times are seconds: `cpu` as used by it, `now` monotonic."""

    def __init__(self, share: float, *, cpu: float, now: float, most_s: float) -> None:
        """`share` is the part of one core that the process may use. A rest above `most_s` is made up for later."""
        self._share, self._cpu, self._now, self._most_s = share, cpu, now, most_s
        #: CPU seconds used beyond the share; below zero, what may still be used
        self._debt = 0.0

    def due_s(self, *, cpu: float, now: float) -> float:
        """Seconds to rest from now on, for all that was used since the last call."""
        self._debt += cpu - self._cpu - self._share * (now - self._now)
        self._cpu, self._now = cpu, now
        self._debt = max(self._debt, -_CREDIT_S)
        return min(self._debt / self._share, self._most_s) if self._debt >= _LEAST_S else 0.0
