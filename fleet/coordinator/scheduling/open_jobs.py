"""All open jobs, as the scheduler tracks them: when a job opens, changes its state and ends. Pure.

The table is kept from the miners' effects, so that the scheduler need not look into a miner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from fleet.domain.effects import JobMoved, JobOpened
from fleet.domain.jobs import AT_WORKERS, FINAL, JobState, awaits_result
from fleet.domain.saved_state import Prior
from tasks.messages import JobMessage, ResultMessage


@dataclass(kw_only=True, slots=True)
class TrackedJob:
    """What the scheduler knows of one open job."""

    miner_id: str
    job_type: str
    state: JobState
    attempt: int
    #: number of submissions sent since the start
    sends: int = 0
    #: when the last attempt was ordered, in monotonic seconds; None before the first
    ordered_at: float | None = None

    @property
    def at_workers(self) -> bool:
        """Whether a result is awaited."""
        return self.state in AT_WORKERS

    def awaits(self, message: ResultMessage) -> bool:
        """Whether `message` ends an attempt that was made, while a result is still awaited."""
        return awaits_result(self.state, self.attempt, message.attempt)

    def waits_for(self, message: JobMessage) -> bool:
        """Whether `message` is the one that should bring the job to a worker."""
        return self.at_workers and message.attempt == self.attempt


class OpenJobs:
    """Open jobs by their id."""

    def __init__(self, restored: Iterable[JobOpened]) -> None:
        """`restored` are those that an earlier coordinator left open."""
        self._jobs: dict[str, TrackedJob] = {}
        #: number of jobs whose result is awaited
        self.at_workers = 0
        for opened in restored:
            self.opened(opened)

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    @property
    def oldest_ordered_at(self) -> float | None:
        """When the oldest job that was sent to a worker was last sent there, in monotonic seconds; None without one."""
        return next((job.ordered_at for job in self._jobs.values() if job.ordered_at is not None), None)

    def get(self, job_id: str) -> TrackedJob | None:
        """An open job; None if it is not open."""
        return self._jobs.get(job_id)

    def opened(self, effect: JobOpened) -> None:
        """A miner accepted a job."""
        job = TrackedJob(
            miner_id=effect.miner_id, job_type=effect.job.job_type, state=effect.state, attempt=effect.attempt
        )
        self._jobs[effect.job.job_id] = job
        self.at_workers += job.at_workers

    def moved(self, effect: JobMoved) -> TrackedJob | None:
        """A job changed its state. Returns the job if the new state is final, which ends it."""
        job = self._jobs.get(effect.job_id)
        if job is None:
            return None
        was_there = job.at_workers
        job.state, job.attempt, job.sends = effect.state, effect.attempt, effect.sends
        self.at_workers += job.at_workers - was_there
        return self._jobs.pop(effect.job_id) if effect.state in FINAL else None

    def ordered(self, message: JobMessage, now: float) -> float | None:
        """An attempt was ordered. Returns when the attempt before it was, in monotonic seconds; None for the first."""
        job = self._jobs.get(message.job_id)
        if job is None:
            return None
        before, job.ordered_at = job.ordered_at, now
        return before

    def sent_of(self, job_types: Collection[str]) -> list[str]:
        """The ids of jobs of these types whose result is awaited."""
        return [job_id for job_id, job in self._jobs.items() if job.at_workers and job.job_type in job_types]

    def prior(self, job_id: str) -> Prior | None:
        """The record of an open job, for a server that assigns it once more; None if it is not open."""
        job = self._jobs.get(job_id)
        return None if job is None else Prior(state=job.state, attempt=job.attempt, miner_id=job.miner_id)
