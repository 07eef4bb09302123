"""A server assigns a paid job's id again for a job of another type: the ledger stays whole, and says so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.effects import Booked, JobMoved, JobOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.verify import verify
from fleet.ledger.storage.engine import open_engine

JOB = Job(job_id="j1", job_type="data_hash", data={}, reward=Decimal("0.5"), origin=JobOrigin.FETCHED, timeout_s=60.0)
PAID = Entry(
    miner_id="rig-1",
    kind=EntryKind.JOB,
    amount=JOB.reward,
    confirmed=True,
    session_id="s1",
    job_id="j1",
    job_type="data_hash",
)


def opened(job: Job, *, again: bool) -> JobOpened:
    return JobOpened(
        job=job, miner_id="rig-1", session_id="s1", state=JobState.ASSIGNED, attempt=1 + again, reopened=again
    )


def ended(state: JobState, attempt: int) -> JobMoved:
    return JobMoved(job_id="j1", state=state, attempt=attempt, strikes=0, sends=1, mended=False)


@pytest.mark.parametrize("state", [JobState.ACCEPTED, JobState.ALREADY_COMPLETED])
@pytest.mark.parametrize("ends", [False, True])
def test_verify_takes_no_other_type_of_a_reassigned_id_for_tampering(state: JobState, ends: bool) -> None:
    """What seed 7 of a soak found: the server repeated four ids, and each was called an entry without a job."""
    engine = open_engine("sqlite://")
    with Ledger(engine, "s") as ledger:
        ledger.commit([opened(JOB, again=False), ended(state, 1), Booked(entry=PAID)])
        last: list[Write] = [opened(replace(JOB, job_type="tensor_reduce"), again=True)]
        ledger.commit(last + [ended(JobState.ALREADY_COMPLETED, 2)] * ends)
        (verdict,) = verify(engine)
        assert verdict.problems == ()


def test_verify_still_finds_another_type_where_the_id_was_assigned_once() -> None:
    engine = open_engine("sqlite://")
    with Ledger(engine, "s") as ledger:
        ledger.commit([opened(JOB, again=False), ended(JobState.ACCEPTED, 1)])
        ledger.commit([Booked(entry=replace(PAID, job_type="tensor_reduce"))])
        (verdict,) = verify(engine)
        assert verdict.problems == ("j1: has an entry, but the job is missing",)
