"""Ledger rows of a job, as a turn of the coordinator writes them."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Loss
from fleet.domain.effects import Booked, JobMoved, JobOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.domain.proof import Exchange, Proof


def moved(job_id: str, state: JobState, loss: Loss | None = None) -> JobMoved:
    """A job's move to `state`, at its first attempt."""
    return JobMoved(job_id=job_id, state=state, attempt=1, strikes=0, sends=1, mended=False, loss=loss)


def paid(number: int, evidence: str = "") -> list[Write]:
    """A job of 0.1 NNET that is assigned, dispatched and paid."""
    job = Job(
        job_id=f"job-{number}",
        job_type="data_hash",
        data={},
        reward=Decimal("0.1"),
        origin=JobOrigin.NEXT,
        timeout_s=60.0,
    )
    entry = Entry(
        miner_id="rig-a1",
        kind=EntryKind.JOB,
        amount=Decimal("1E-1"),
        confirmed=True,
        session_id="s1",
        job_id=job.job_id,
        job_type=job.job_type,
        evidence=evidence,
        proof=Proof(exchange=Exchange.of(b"body", b"answer"), worker="w@h", kernel_version="1"),
    )
    opened = JobOpened(job=job, miner_id="rig-a1", session_id="s1", state=JobState.ASSIGNED, attempt=1)
    return [opened, moved(job.job_id, JobState.DISPATCHED), moved(job.job_id, JobState.ACCEPTED), Booked(entry=entry)]
