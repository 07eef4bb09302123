"""A job of a paused type waits until it is resumed or until its deadline, while other miners mine on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fleet.domain.calls import CallKind
from fleet.domain.effects import JobMoved
from fleet.domain.jobs import JobOrigin, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.answered import Answered, job, start


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger(open_engine("sqlite://"), "s") as opened:
        yield opened


def given(made: Answered) -> list[str]:
    """The types of the jobs that are sent to workers now."""
    return [order.message.job_type for order in made.turn().dispatches]


def test_a_fetched_job_of_a_paused_type_waits_without_a_second_attempt_and_is_sent_once_it_is_resumed(
    ledger: Ledger,
) -> None:
    made = Answered(ledger, 2).mining()
    first, second = made.waiting(CallKind.FETCH)
    paused = job(JobOrigin.FETCHED)
    made.farm.pause_types({paused.job_type}, made.now)
    made.answer(first, paused)
    assert given(made) == []
    assert made.farm.workers.waiting_for_type == {first.spec.miner_id: paused.job_type}
    assert made.farm.workers.at_workers == 0, "it takes up no room"
    for _ in range(20):
        made.now += 30.0
        assert given(made) == []
        assert second.spec.miner_id not in made.farm.workers.waiting_for_type
    made.farm.pause_types((), made.now)
    (order,) = made.turn().dispatches
    assert (order.message.job_id, order.message.attempt) == ("j1", 1)
    assert made.farm.workers.waiting_for_type == {}


def test_other_types_reach_workers(ledger: Ledger) -> None:
    made = Answered(ledger).mining()
    (fetch,) = made.waiting(CallKind.FETCH)
    made.farm.pause_types({"some_other_type"}, made.now)
    made.answer(fetch, job(JobOrigin.FETCHED))
    assert len(given(made)) == 1


def test_a_job_that_came_without_a_fetch_ends_at_its_deadline(ledger: Ledger) -> None:
    made = Answered(ledger).registered()
    (call,) = made.waiting(CallKind.START_SESSION)
    paused = job(JobOrigin.INITIAL)
    made.farm.pause_types({paused.job_type}, made.now)
    made.answer(call, start(call, paused))
    assert given(made) == []
    made.now += 61.0
    assert [write.state for write in made.turn().writes if isinstance(write, JobMoved)] == [JobState.EXPIRED]
    made.farm.pause_types((), made.now)
    assert given(made) == []


def test_what_is_resumed_without_a_worker_waits_for_one_and_a_worker_brings_no_paused_type(ledger: Ledger) -> None:
    made = Answered(ledger).mining()
    (fetch,) = made.waiting(CallKind.FETCH)
    one = job(JobOrigin.FETCHED)
    made.farm.pause_types({one.job_type}, made.now)
    made.farm.on_workers(made.now, present=False)
    made.answer(fetch, one)
    assert given(made) == []
    made.farm.on_workers(made.now, present=True)
    assert given(made) == []
    made.farm.on_workers(made.now, present=False)
    made.farm.pause_types((), made.now)
    assert given(made) == []
    made.farm.on_workers(made.now, present=True)
    assert given(made) == [one.job_type]
