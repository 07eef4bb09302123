"""The ledger keeps what was submitted for the newest jobs, within its bound."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select

from fleet.domain.amounts import EntryKind
from fleet.domain.effects import Booked, JobMoved, JobOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.domain.proof import Proof
from fleet.domain.submitted_work import SubmittedWork
from fleet.errors import LedgerError
from fleet.ledger.kept_work import MEGABYTE, Keeping, kept_work
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.submitted import newest, of_job, sample
from fleet.ledger.storage.engine import open_engine
from tasks.compact_json import compact_sorted


def work(job_id: str, size: int = 1) -> SubmittedWork:
    return SubmittedWork(
        job_id=job_id,
        job_type="data_hash",
        data_json=compact_sorted({"noise": os.urandom(size).hex()}),
        result_json=compact_sorted({"final_hash": "a" * 64, "iterations": 3}),
        kernel_version="3",
        kind=("x86_64",),
    )


def ended(one: SubmittedWork, *, paid: bool = True, proof_of: SubmittedWork | None = None) -> list[Write]:
    """A job from its assignment to its end."""
    job = Job(
        job_id=one.job_id,
        job_type=one.job_type,
        data=one.data,
        reward=Decimal("0.1"),
        origin=JobOrigin.FETCHED,
        timeout_s=60,
    )
    state = JobState.ACCEPTED if paid else JobState.REJECTED
    move = JobMoved(
        job_id=one.job_id, state=state, attempt=1, strikes=0, sends=1, mended=False, worker="w@h", submitted=one
    )
    opened = JobOpened(job=job, miner_id="rig-a1", session_id="s1", state=JobState.ASSIGNED, attempt=1)
    entry = Entry(
        miner_id="rig-a1",
        kind=EntryKind.JOB,
        amount=Decimal("0.1"),
        confirmed=True,
        session_id="s1",
        job_id=one.job_id,
        job_type=one.job_type,
        proof=Proof(
            worker="w@h",
            input_digest=(proof_of or one).input_digest,
            result_digest=one.result_digest,
        ),
    )
    return [opened, move, *([Booked(entry=entry)] if paid else [])]


@pytest.fixture
def engine() -> Engine:
    return open_engine("sqlite://")


def kept(engine: Engine, *commits: Sequence[Write], megabytes: int = 1, server: str = "") -> None:
    """Write these commits, a second apart, with a ledger that keeps so many MB."""
    times = iter(range(1_000, 10_000_000, 1_000))
    keeping = Keeping(most_bytes=megabytes * MEGABYTE, server=server)
    ledger = Ledger(engine, "main", now_ms=lambda: next(times), keeping=keeping)
    for commit in commits:
        ledger.commit(commit)


def bytes_kept(engine: Engine) -> int:
    with engine.connect() as connection:
        return sum(len(content) for content in connection.execute(select(kept_work.c.content)).scalars())


def test_a_job_is_found_with_what_was_submitted_and_what_the_chain_says_of_it(engine: Engine) -> None:
    first, second = work("j1"), work("j2")
    kept(engine, [*ended(first), *ended(second, paid=False)], server="main")
    (found,) = of_job(engine, "j1")
    assert (found.server, found.shown_server, found.work, found.worker) == ("main", "main", first, "w@h")
    assert (found.state, found.proven) == ("accepted", True)
    (refused,) = of_job(engine, "j2")
    assert (refused.work, refused.state, refused.proven) == (second, "rejected", None)
    assert of_job(engine, "j1", "another") == of_job(engine, "j3") == []


def test_what_is_not_as_in_the_chain_is_told(engine: Engine) -> None:
    kept(engine, ended(work("j1"), proof_of=work("j1")))
    assert [one.proven for one in of_job(engine, "j1")] == [False]


def test_nothing_is_kept_without_a_bound(engine: Engine) -> None:
    kept(engine, ended(work("j1")), megabytes=0)
    assert bytes_kept(engine) == 0
    assert of_job(engine, "j1") == newest(engine, 9) == sample(engine, 9) == []


def test_the_newest_come_first_and_a_sample_is_drawn_from_all(engine: Engine) -> None:
    jobs = [work(f"j{number}") for number in range(10)]
    kept(
        engine,
        [*ended(jobs[0]), *ended(jobs[1])],
        *[ended(one) for one in jobs[2:7]],
        [write for one in jobs[7:] for write in ended(one)],
    )
    assert [one.work for one in newest(engine, 4)] == [jobs[9], jobs[8], jobs[7], jobs[6]]
    assert {one.work.job_id for one in newest(engine, 99)} == {one.job_id for one in jobs}
    drawn = [frozenset(one.work.job_id for one in sample(engine, 3, rng=random.Random(seed))) for seed in range(60)]
    assert {len(one) for one in drawn} == {3}
    assert set().union(*drawn) == {one.job_id for one in jobs}
    assert {one.work.job_id for one in sample(engine, 99)} == {one.job_id for one in jobs}


def test_the_oldest_go_when_there_is_too_much(engine: Engine) -> None:
    # random bytes in hex take about their number
    jobs = [work(f"j{number}", 100_000) for number in range(40)]
    kept(engine, *[ended(one) for one in jobs])
    assert 900_000 < bytes_kept(engine) < 2_300_000
    left = {one.work.job_id for one in newest(engine, 99)}
    assert left == {one.job_id for one in jobs[-len(left) :]}
    assert of_job(engine, "j0") == []


def test_a_lower_bound_and_none_remove_what_was_kept(engine: Engine) -> None:
    kept(engine, *[ended(work(f"a{number}", 100_000)) for number in range(40)], megabytes=100)
    assert bytes_kept(engine) > 4_000_000
    kept(engine, *[ended(work(f"b{number}", 1_000)) for number in range(3)], megabytes=1)
    assert bytes_kept(engine) < 2_300_000
    assert of_job(engine, "b2") != []
    kept(engine, ended(work("c1")), megabytes=0)
    assert bytes_kept(engine) == 0


def test_servers_have_their_own_bounds(engine: Engine) -> None:
    for name in ("one", "two"):
        ledger = Ledger(engine, name, keeping=Keeping(most_bytes=MEGABYTE))
        ledger.commit(ended(work(f"{name}-1")))
        ledger.commit([write for number in range(30) for write in ended(work(f"{name}{number}", 100_000))])
        ledger.commit(ended(work(f"{name}-2")))
    assert [one.server for one in newest(engine, 99, "one")] == ["one"] * len(newest(engine, 99, "one"))
    assert {len(of_job(engine, f"{name}-2")) for name in ("one", "two")} == {1}


def test_a_job_that_ended_twice_is_found_as_it_ended_last(engine: Engine) -> None:
    first, again = work("j1"), replace(work("j1"), kernel_version="4")
    opened, moved, *_ = ended(again)
    assert isinstance(opened, JobOpened)
    kept(engine, ended(first, paid=False), [replace(opened, reopened=True), moved])
    assert [one.work for one in of_job(engine, "j1")] == [again]


def test_a_row_that_lost_a_job_is_damaged(engine: Engine) -> None:
    kept(engine, ended(work("j1")))
    with engine.begin() as connection:
        connection.execute(kept_work.update().values(jobs=2))
    with pytest.raises(LedgerError, match="1 jobs in place of 2"):
        newest(engine, 1)
