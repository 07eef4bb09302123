"""What a start learns from the ledger about the server's rate limit: the limit, and what was spent of the window."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import text

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.effects import Booked, JobOpened, LimitLearnt, SessionBeat, SessionClosed, SessionOpened, Write
from fleet.domain.jobs import Entry, JobOrigin, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.miner_script import job

NOW_MS = 1_800_000_000_000


class Clock:
    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> Iterator[Ledger]:
    with Ledger(open_engine("sqlite://"), "server", now_ms=clock) as made:
        yield made


def paid(number: int, kind: EntryKind = EntryKind.JOB) -> Write:
    job_id = f"j{number}" if kind is EntryKind.JOB else None
    entry = Entry(miner_id="m", kind=kind, amount=Decimal(1), confirmed=True, session_id="s", job_id=job_id)
    return Booked(entry=entry)


def test_a_limit_is_kept_and_the_last_one_counts(ledger: Ledger) -> None:
    assert ledger.rate_limit() is None
    for requests in (500.0, 600.0):
        ledger.commit([LimitLearnt(requests=requests, window_s=60.0)])
    assert ledger.rate_limit() == LimitLearnt(requests=600.0, window_s=60.0)


@pytest.mark.parametrize("later_s", [-1, 8 * 24 * 3600])
def test_a_limit_of_long_ago_or_of_the_future_is_learnt_again(ledger: Ledger, clock: Clock, later_s: int) -> None:
    ledger.commit([LimitLearnt(requests=600.0, window_s=60.0)])
    clock.ms += later_s * 1000
    assert ledger.rate_limit() is None


@pytest.mark.parametrize("value", ["", "x", "[]", "{}", '{"requests": "x", "window_s": 1, "learnt_at": 1}', "1e999"])
def test_a_limit_that_another_program_wrote_is_learnt_again(ledger: Ledger, value: str) -> None:
    ledger.commit([LimitLearnt(requests=600.0, window_s=60.0)])
    with ledger._engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = :value WHERE name LIKE 'rate_limit%'"), {"value": value})
    assert ledger.rate_limit() is None


def test_each_job_paid_within_the_window_was_two_requests(ledger: Ledger, clock: Clock) -> None:
    for number in range(5):
        ledger.commit([paid(number)])
        clock.ms += 10_000
    ledger.commit([paid(9, EntryKind.HEARTBEAT)])
    assert list(ledger.spent_ages_s(35.0, 30.0)) == [10.0, 10.0, 20.0, 20.0, 30.0, 30.0]


def test_sessions_took_two_requests_to_open_and_a_heartbeat_each_interval_also_if_they_are_closed(
    ledger: Ledger, clock: Clock
) -> None:
    for session in ("s", "t"):
        ledger.commit([SessionOpened(miner_id="m", session_id=session, offset=ZERO)])
        clock.ms += 35_000
        ledger.commit([SessionBeat(miner_id="m", session_id=session, offset=ZERO)])
        ledger.commit([SessionClosed(miner_id="m", session_id=session, cause="stopped")])
        clock.ms += 10_000
    assert list(ledger.spent_ages_s(60.0, 30.0)) == [10.0, 45.0, 45.0, 55.0]


def test_an_open_job_took_the_request_that_fetched_it_and_one_that_came_without_a_fetch_took_none(
    ledger: Ledger, clock: Clock
) -> None:
    for origin in (JobOrigin.FETCHED, JobOrigin.NEXT):
        opened = job(origin.value, origin)
        ledger.commit([JobOpened(job=opened, miner_id="m", session_id="s", state=JobState.ASSIGNED, attempt=1)])
    clock.ms += 5_000
    assert list(ledger.spent_ages_s(60.0, 30.0)) == [5.0]
