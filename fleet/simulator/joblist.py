"""All jobs that were handed out: open ones as records, completed ones as one byte each."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from fleet.simulator.jobids import JobIds
from fleet.simulator.records import JobRecord

#: maximum number of open jobs; beyond it the oldest is forgotten, as if it had never existed
MOST_OPEN = 200_000


class JobIdState(Enum):
    """The server's state of a job id."""

    #: never handed out, or forgotten
    UNKNOWN = 0
    #: handed out, not yet accepted
    OPEN = 1
    #: accepted and paid
    COMPLETED = 2


class JobList:
    """Jobs by number and id. Numbers continue after a forgetting, so that no id is ever issued twice."""

    def __init__(self, ids: JobIds) -> None:
        self._ids = ids
        self._first = 0
        self._completed = bytearray()
        self._open: dict[int, JobRecord] = {}

    @property
    def next_number(self) -> int:
        """The number of the next job."""
        return self._first + len(self._completed)

    @property
    def made(self) -> int:
        """How many jobs were made since the last forgetting."""
        return len(self._completed)

    def job_id(self, number: int) -> str:
        """The id of the job with this number."""
        return self._ids.issue(number)

    def add(self, job: JobRecord) -> None:
        """Add the next job."""
        if job.number != self.next_number:
            raise ValueError(f"job {job.number} added, {self.next_number} is next")
        self._completed.append(0)
        self._open[job.number] = job
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]

    def look_up(self, job_id: str) -> tuple[JobIdState, JobRecord | None]:
        """The state of an id, and its record while it is open."""
        number = self._ids.number(job_id)
        if number is None or not self._first <= number < self.next_number:
            return JobIdState.UNKNOWN, None
        if self._completed[number - self._first]:
            return JobIdState.COMPLETED, None
        job = self._open.get(number)
        return (JobIdState.OPEN, job) if job else (JobIdState.UNKNOWN, None)

    def complete(self, job: JobRecord) -> None:
        """Mark the job as accepted."""
        del self._open[job.number]
        self._completed[job.number - self._first] = 1

    def open_jobs(self) -> Iterator[JobRecord]:
        """Open jobs, oldest first."""
        return iter(self._open.values())

    def fetched_by_another(self, miner: str) -> bytes | None:
        """The body of a job that another miner fetched and hasn't submitted, or None."""
        return next((job.body for job in self.open_jobs() if job.body and job.contributor_id != miner), None)

    def open_count(self) -> int:
        """The number of open jobs."""
        return len(self._open)

    def forget(self) -> None:
        """Forget all jobs."""
        self._first = self.next_number
        self._completed = bytearray()
        self._open.clear()
