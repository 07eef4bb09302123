"""Sums up what happened since the last snapshot: attempts by job type and worker, payments by miner and by work. Pure.

A job costs a few additions here. What is learnt from it is worked out once a second, for all jobs together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.jobs import Entry
from tasks.messages import Outcome, ResultMessage


@dataclass(slots=True)
class FreshAttempts:
    """Attempts at jobs of one type that ended on one worker. Times are monotonic seconds."""

    first_at: float
    last_at: float = 0.0
    #: kernel time of each computed job, in milliseconds
    kernel_ms: list[float] = field(default_factory=list)
    failed: int = 0
    #: version of the kernels that computed the last one; empty if none was computed
    kernel_version: str = ""


@dataclass(slots=True)
class FreshPayments:
    """Payments to one miner, or for one type of job that one worker computed. Times are monotonic seconds."""

    first_at: float
    last_at: float = 0.0
    #: number of entries, and of those that pay a job
    entries: int = 0
    jobs: int = 0
    #: NNET of all entries, and of those that pay a job
    amount: Decimal = ZERO
    job_amount: Decimal = ZERO

    def add(self, amount: Decimal, now: float, *, job: bool) -> None:
        """Add an entry."""
        self.last_at = now
        self.entries += 1
        self.amount += amount
        if job:
            self.jobs += 1
            self.job_amount += amount


class Fresh:
    """What happened since it was made."""

    def __init__(self) -> None:
        #: by job type and Celery node
        self.attempts: dict[tuple[str, str], FreshAttempts] = {}
        #: by miner id
        self.by_miner: dict[str, FreshPayments] = {}
        #: by job type, or the kind of an entry that pays no job, and Celery node
        self.by_work: dict[tuple[str, str], FreshPayments] = {}

    def ended(self, job_type: str, message: ResultMessage, now: float) -> None:
        """An awaited attempt at a job of this type ended."""
        key = (job_type, message.worker)
        known = self.attempts.get(key)
        if known is None:
            known = self.attempts[key] = FreshAttempts(now)
        known.last_at = now
        if message.outcome is Outcome.COMPUTED:
            known.kernel_ms.append(message.compute_ms)
            known.kernel_version = message.kernel_version
        else:
            known.failed += 1

    def booked(self, entry: Entry, now: float) -> None:
        """A payment was booked."""
        job = entry.kind is EntryKind.JOB
        of_miner = self.by_miner.get(entry.miner_id)
        if of_miner is None:
            of_miner = self.by_miner[entry.miner_id] = FreshPayments(now)
        of_miner.add(entry.amount, now, job=job)
        work = (entry.job_type or entry.kind.value, entry.proof.worker if job else "")
        of_work = self.by_work.get(work)
        if of_work is None:
            of_work = self.by_work[work] = FreshPayments(now)
        of_work.add(entry.amount, now, job=job)
