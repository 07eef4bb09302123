"""A farm on a real ledger, turn by turn, whose calls are answered by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from fleet.domain.answers import HeartbeatAnswer
from fleet.domain.calls import CallKind
from fleet.domain.effects import JobOpened, NoticeKind
from fleet.domain.jobs import JobOrigin
from fleet.errors import NoAnswer
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tasks.messages import Outcome, ResultMessage
from tests.support.answered import Answered, job, start

#: until a call without an answer ends
DEADLINE_S = 15.0


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger(open_engine("sqlite://"), "s") as opened:
        yield opened


def the_second_one_is_told(made: Answered) -> None:
    turn = made.turn()
    assert [write.miner_id for write in turn.writes if isinstance(write, JobOpened)] == ["rig-0"]
    assert [order.message.miner_id for order in turn.dispatches] == ["rig-0"]
    odd = [(notice.miner_id, notice.text) for notice in turn.notices if notice.kind is NoticeKind.ANOMALY]
    assert odd == [("rig-1", "was given the job of rig-0")]
    assert made.ledger.open_count() == 1


def test_a_job_that_comes_with_two_heartbeats_of_one_turn_is_the_first_miners(ledger: Ledger) -> None:
    made = Answered(ledger, miners=2).mining()
    made.now = 30.0
    made.turn()
    beats = made.waiting(CallKind.HEARTBEAT)
    assert len(beats) == 2
    for beat in beats:
        made.answer(beat, HeartbeatAnswer(next_job=job(JobOrigin.NEXT)))
    the_second_one_is_told(made)


def test_a_job_that_comes_with_two_sessions_of_one_turn_is_the_first_miners(ledger: Ledger) -> None:
    made = Answered(ledger, miners=2).registered()
    # the second one is opened beside the first, since that takes long
    made.now += 3.0
    made.turn()
    calls = made.waiting(CallKind.START_SESSION)
    assert len(calls) == 2
    for call in calls:
        made.answer(call, start(call, job(JobOrigin.INITIAL)))
    the_second_one_is_told(made)


def drained(made: Answered, until: float) -> bool:
    """Whether the farm has ended by then, at a server that takes each connection and never answers."""
    while made.now < until and not made.farm.done:
        made.now += DEADLINE_S
        for call in list(made.calls):
            made.answer(call, NoAnswer("hangs"))
        made.turn()
    return made.farm.done


def test_a_submission_that_was_under_way_when_the_drain_was_given_up_is_not_sent_for_ever(ledger: Ledger) -> None:
    made = Answered(ledger).mining()
    (fetch,) = made.waiting(CallKind.FETCH)
    made.answer(fetch, job(JobOrigin.FETCHED))
    made.turn()
    result = {"final_hash": "ab", "iterations": 1}
    made.farm.on_result(
        ResultMessage(job_id="j1", attempt=1, outcome=Outcome.COMPUTED, result=result, compute_ms=1.0), made.now
    )
    made.farm.drain(made.now)
    made.turn()
    assert made.waiting(CallKind.SUBMIT)
    made.farm.give_up(made.now)
    made.turn()
    assert len(made.farm.jobs) == 1, "its answer may still come"
    assert drained(made, 600.0)
    assert ledger.open_count() == 0
    assert ledger.saved_miner("rig-0").lost_answers == (("j1", Decimal(1)),)


def test_a_job_that_is_fetched_after_the_drain_was_given_up_ends_at_once_and_reaches_no_worker(ledger: Ledger) -> None:
    made = Answered(ledger).mining()
    (fetch,) = made.waiting(CallKind.FETCH)
    made.farm.drain(made.now)
    made.farm.give_up(made.now)
    made.turn()
    made.answer(fetch, job(JobOrigin.FETCHED))
    assert not made.turn().dispatches
    assert ledger.run_and_ledger("none")[0].jobs["expired"] == 1
    assert drained(made, 600.0)
