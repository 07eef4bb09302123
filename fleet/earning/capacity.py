"""How many jobs a number of miners completes, by their cycle, the server's limit and the workers. Pure.

A miner works on one fetched job at a time, so a cycle is two round trips, the kernel and the waits between them. A
fetched job takes a request to fetch it and one to submit it, a free one (of a session's start or a heartbeat) only the
latter. Release a answers each submission with an error after it has paid, so that each job is submitted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fleet.domain.calls import BEATS_SHARE


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Rates at a number of sessions, each per second."""

    fetched: float
    free: float
    beats: float

    @property
    def jobs(self) -> float:
        """All jobs."""
        return self.fetched + self.free


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """What the server's limit, a miner's cycle and the workers allow."""

    #: requests a second that the server takes from this address
    requests_per_s: float
    #: seconds between two heartbeats of a session
    heartbeat_s: float
    #: seconds of a fetched job from its fetch to its receipt, without waits for the limit; None until measured
    cycle_s: float | None
    #: relative standard error of `cycle_s`
    cycle_error: float = 0.1
    #: free jobs that come with a heartbeat
    free_per_beat: float = 0.0
    #: requests for submitting a job
    submissions_per_job: float = 1.0
    #: jobs a second that the workers compute; None where they never were the bottleneck
    workers_per_s: float | None = None
    #: seconds of `cycle_s` that a job waits for a busy process, where the workers were not the bottleneck
    queued_s: float = 0.0
    #: seconds of one core that computing a job takes; None until measured
    kernel_s: float | None = None
    #: the same by job type
    kernels_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def most(self) -> int:
        """Number of sessions that the limit keeps alive with room left for jobs."""
        return max(int(BEATS_SHARE * self.requests_per_s * self.heartbeat_s), 1)

    def pace(self, own: float) -> Pace:
        """The rates of `own` sessions."""
        beats = own / self.heartbeat_s
        left = max(self.requests_per_s - beats, 0.0)
        free = min(beats * self.free_per_beat, left / self.submissions_per_job)
        room = (left - free * self.submissions_per_job) / (1 + self.submissions_per_job)
        fetched = room if not self.cycle_s else min(own / self.cycle_s, room)
        if self.workers_per_s is not None:
            free = min(free, self.workers_per_s)
            fetched = min(fetched, self.workers_per_s - free)
        return Pace(fetched=fetched, free=free, beats=beats)

    def short_of_workers(self, own: int) -> bool:
        """Whether the workers, not the limit or the cycle, bound what `own` sessions complete."""
        return self.workers_per_s is not None and self.pace(own).jobs < replace(self, workers_per_s=None).pace(own).jobs

    def full_at(self) -> int | None:
        """The smallest number of sessions that uses up the limit or the workers; None while the cycle is unknown."""
        if not self.cycle_s:
            return None
        most = self.most
        low, high = 1, most
        while low < high:
            own = (low + high) // 2
            if self.pace(own).fetched < own / self.cycle_s * (1 - 1e-9):
                high = own
            else:
                low = own + 1
        return low
