"""Heartbeats, sums and the end of a session, on one pure miner whose calls are answered by hand."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, SessionSummary, Totals
from fleet.domain.calls import CallKind
from fleet.domain.events import DrainBegun
from fleet.errors import (
    CallError,
    NoAnswer,
    ServerFault,
    Unreachable,
)
from tests.support.miner_script import Script, accepted


def test_heartbeats_come_every_thirty_seconds_and_no_faster_even_when_an_answer_is_lost() -> None:
    script = Script().mining()
    sent: list[float] = []
    for step in range(4):
        while True:
            script.now += 0.5
            begun = script.miner.begin(script.now)
            if begun is None:
                continue
            if begun[0].kind is CallKind.HEARTBEAT:
                sent.append(script.now)
                script.answer(begun[0], NoAnswer("cut") if step % 2 else HeartbeatAnswer())
                break
            script.answer(begun[0], Unreachable("refused"))
    gaps = [after - before for before, after in itertools.pairwise(sent)]
    assert min(gaps) >= 30


def test_a_heartbeat_reports_the_true_count_and_books_what_its_answer_names() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, accepted())
    fetch = script.begin(CallKind.FETCH)
    script.now += 30
    beat = script.begin(CallKind.HEARTBEAT)
    assert beat.completed == 1
    script.answer(beat, HeartbeatAnswer(reward=Decimal("0.007")))
    script.answer(fetch, Unreachable("refused"))
    assert script.booked()[-1] == (EntryKind.HEARTBEAT, Decimal("0.007"), True)


@pytest.mark.parametrize(
    ("earned", "income"),
    [("0.3", []), ("0.8", [Decimal("0.5")])],
    ids=["the job alone", "the job and a bonus"],
)
def test_a_session_sum_is_booked_only_for_what_its_jobs_do_not_explain(earned: str, income: list[Decimal]) -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, accepted())
    script.begin(CallKind.FETCH)
    script.now += 30
    script.call(CallKind.HEARTBEAT, HeartbeatAnswer(rewards_earned=Decimal(earned)))
    assert [amount for kind, amount, _ in script.booked() if kind is EntryKind.HEARTBEAT] == income


def test_a_drained_miner_stops_its_session_and_settles_with_the_servers_total() -> None:
    script = Script().mining().fetched()
    script.miner.on(DrainBegun(), 0.0)
    script.call(CallKind.SUBMIT, accepted())
    script.call(CallKind.STOP_SESSION, SessionSummary(tasks_completed=1, rewards_earned=None))
    script.call(CallKind.TOTALS, Totals(total_rewards=Decimal("0.5")))
    assert script.miner.done
    assert script.booked()[-1] == (EntryKind.ADJUSTMENT, Decimal("0.2"), True)
    assert script.miner.account.difference == 0


@pytest.mark.parametrize("error", [Unreachable("refused"), ServerFault(503, "away"), NoAnswer("hangs")])
def test_a_dead_server_is_asked_at_most_once_a_second(error: CallError) -> None:
    script = Script()
    sent = 0
    for _ in range(600):
        script.now += 0.1
        begun = script.miner.begin(script.now)
        if begun is not None:
            sent += 1
            script.answer(begun[0], error)
    assert 2 <= sent <= 12, "60 s of backing off"
