"""How long kernels take, and how fast the workers return results. Pure; times are monotonic seconds."""

from __future__ import annotations

from collections import defaultdict, deque

from fleet.earning.samples import Mean

#: most recent results from which their rate is measured
_RECENT = 200
#: results before there is a rate
_ENOUGH = 20


class Compute:
    """The workers' latest results."""

    def __init__(self) -> None:
        #: kernel times in seconds of one core
        self.kernels = Mean()
        self._by_type = defaultdict[str, Mean](Mean)
        #: when they arrived, without the seconds in which no job waited
        self._ended_at: deque[float] = deque(maxlen=_RECENT)
        self._idle_s = 0.0
        #: when the last one arrived, or the wait was last asked for
        self._looked_at = 0.0

    def add(self, job_type: str, kernel_s: float, now: float) -> None:
        """A result arrived."""
        self.kernels.add(kernel_s)
        self._by_type[job_type].add(kernel_s)
        self._ended_at.append(now - self._idle_s)
        self._looked_at = now

    @property
    def by_type(self) -> dict[str, float]:
        """The mean kernel time of each job type, in seconds."""
        return {job_type: mean.value for job_type, mean in self._by_type.items()}

    def wait_s(self, waiting: int, now: float) -> float:
        """Seconds until the workers will have returned `waiting` results at their latest rate; 0 while unknown.

        Ask every few seconds, since time in which none is waiting does not count.
        """
        if not waiting:
            self._idle_s += now - self._looked_at
        self._looked_at = now
        if len(self._ended_at) < _ENOUGH:
            return 0.0
        return waiting * (now - self._idle_s - self._ended_at[0]) / len(self._ended_at)
