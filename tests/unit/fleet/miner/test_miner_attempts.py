"""Attempts at a job that fail, repeat or give what can't be sent, on one pure miner.

One file: each test ends the attempts at one job in another way.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart
from fleet.domain.calls import CallKind
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved, Notice
from fleet.domain.events import Published, ResultArrived, TimePassed
from fleet.domain.jobs import JobOrigin, JobState
from fleet.domain.saved_state import OpenJob, SavedMiner
from fleet.errors import (
    Unreachable,
    Unsendable,
)
from fleet.miner.job import flaw_of
from fleet.miner.policy import Policy
from fleet.server.client import Client
from tasks.messages import Outcome, ResultMessage, parse_stream_fields, task_id
from tests.support.insides import active_jobs
from tests.support.miner_script import Script, accepted, job


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIME_LIMIT, Outcome.WORKER_LOST])
def test_a_job_without_a_result_in_three_attempts_is_quarantined_and_frees_the_miner(outcome: Outcome) -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    for attempt in (1, 2, 3):
        script.result("j1", outcome, attempt)
        script.waited(1.0)
    assert [order.message.attempt for order in script.dispatches()] == [1, 2, 3]
    goodbye = script.begin(CallKind.SUBMIT)
    assert "error" in goodbye.result
    script.answer(goodbye, Receipt(accepted=False, reward=Decimal(0), error="Invalid result format"))
    assert script.last_state("j1") is JobState.QUARANTINED
    script.begin(CallKind.FETCH)


def test_attempts_that_fail_after_the_next_one_was_dispatched_count_once_each() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    for attempt in (1, 2, 3):
        script.effects += script.miner.on(
            Published(job_id="j1", miner_id="", attempt=attempt, published=True), script.now
        )
        script.now += Policy().redispatch_s
        script.effects += script.miner.on(TimePassed(), script.now)
        script.result("j1", Outcome.TIME_LIMIT, attempt)
        # celery stores a hard time limit twice now and then
        script.result("j1", Outcome.TIME_LIMIT, attempt)
        strikes = [effect.strikes for effect in script.effects if isinstance(effect, JobMoved)][-1]
        assert strikes == attempt
    assert active_jobs(script.miner)["j1"].failure
    script.call(CallKind.HEARTBEAT, HeartbeatAnswer())
    script.call(CallKind.SUBMIT, Receipt(accepted=False, reward=Decimal(0), error="Invalid result format"))
    assert script.last_state("j1") is JobState.QUARANTINED


def test_calls_that_fail_together_are_one_failure() -> None:
    script = Script()
    script.call(CallKind.REGISTER, Registration(new=True))
    start = SessionStart(session_id="s1", adopted=False, initial_job=job("free", JobOrigin.INITIAL))
    script.call(CallKind.START_SESSION, start)
    script.computed("free")
    for failures in (1, 2, 3):
        both = [script.begin(CallKind.SUBMIT), script.begin(CallKind.FETCH)]
        for call in both:
            script.answer(call, Unreachable("connection refused"))
        waits_s = script.miner.agenda(script.now)[1] - script.now
        assert 2.0 ** (failures - 1) <= waits_s <= 2.0**failures
        script.now += waits_s


def test_a_job_is_not_ordered_again_while_the_dispatcher_holds_it_up() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    for _ in range(10):
        script.now += Policy().redispatch_s
        script.effects += script.miner.on(TimePassed(), script.now)
    assert len(script.dispatches()) == 1
    failed = Published(job_id="j1", miner_id="", attempt=1, published=False)
    script.effects += script.miner.on(failed, script.now)
    script.now += Policy().redispatch_s
    script.effects += script.miner.on(TimePassed(), script.now)
    assert [order.message.attempt for order in script.dispatches()] == [1, 2]


def test_a_failure_that_an_earlier_life_counted_is_not_counted_again() -> None:
    left = OpenJob(
        job=job("j1"),
        miner_id="rig-1",
        session_id="s1",
        state=JobState.DISPATCHED,
        attempt=2,
        strikes=1,
        sends=0,
        mended=False,
        result=None,
    )
    script = Script(SavedMiner(open_jobs=(left,)))
    script.result("j1", Outcome.WORKER_LOST, 1)
    assert active_jobs(script.miner)["j1"].strikes == 1
    script.result("j1", Outcome.WORKER_LOST, 2)
    assert active_jobs(script.miner)["j1"].strikes == 2


def test_a_job_that_states_no_usable_reward_is_computed_said_once_and_booked_by_its_receipt() -> None:
    script = Script().mining()
    odd = replace(job("j1"), reward=Decimal(0), oddity="reward 'much' is not an amount of NNET")
    script.call(CallKind.FETCH, odd)
    script.computed("j1")
    script.call(CallKind.SUBMIT, accepted("0.25"))
    assert [effect.text for effect in script.effects if isinstance(effect, Notice) and effect.text] == [
        "registered",
        "session started: s1",
        odd.oddity,
    ]
    assert script.booked() == [(EntryKind.JOB, Decimal("0.25"), True)]


def test_a_refused_payload_is_answered_with_an_error_after_one_attempt() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    script.result("j1", Outcome.REFUSED)
    goodbye = script.begin(CallKind.SUBMIT)
    assert "error" in goodbye.result
    script.answer(goodbye, Receipt(accepted=False, reward=Decimal(0), error="Invalid result format"))
    assert script.last_state("j1") is JobState.REJECTED


@pytest.mark.parametrize("again", [1, 2], ids=["at once", "after the next order"])
def test_one_host_refuses_a_job_once_whatever_its_workers_are_called(again: int) -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    able = frozenset({"a@garage", "worker@shed"})
    for attempt, worker in ((1, "a@garage"), (again, "b@garage")):
        refusal = ResultMessage(job_id="j1", attempt=attempt, outcome=Outcome.REFUSED, result={}, worker=worker)
        script.effects += script.miner.on(ResultArrived(message=refusal, flaw="refused", able=able), script.now)
        if again == 2:
            script.waited(1.0)
    assert not active_jobs(script.miner)["j1"].failure
    refusal = ResultMessage(job_id="j1", attempt=again, outcome=Outcome.REFUSED, result={}, worker="worker@shed")
    script.effects += script.miner.on(ResultArrived(message=refusal, flaw="refused", able=able), script.now)
    assert active_jobs(script.miner)["j1"].failure


def test_a_result_with_an_infinity_in_it_is_a_failed_attempt() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    for attempt in (1, 2, 3):
        body = b'{"v": 2, "kernel": "7", "ms": 1, "result": {"integrity_score": 1e400}}'
        message = parse_stream_fields({b"task": task_id("j1", attempt).encode(), b"state": b"SUCCESS", b"body": body})
        arrived = ResultArrived(message=message, flaw=flaw_of(message, "data_validation"))
        script.effects += script.miner.on(arrived, script.now)
        script.waited(1.0)
    assert [order.message.attempt for order in script.dispatches()] == [1, 2, 3]
    assert active_jobs(script.miner)["j1"].result == {"error": "the result holds a number that no float holds"}


def test_a_result_that_can_not_be_sent_is_mended_once_and_given_up_without_a_payment() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, Unsendable("no request can be made"))
    assert set(active_jobs(script.miner)["j1"].result or {}) == {"integrity_score", "compute_time_ms"}
    script.call(CallKind.SUBMIT, Unsendable("no request can be made"))
    assert script.last_state("j1") is JobState.REJECTED
    assert [effect.loss for effect in script.effects if isinstance(effect, JobMoved)][-1] is Loss.BAD_FORMAT
    assert not script.booked()
    script.begin(CallKind.FETCH)


@pytest.mark.parametrize("state", [JobState.COMPUTED, JobState.SUBMITTING])
def test_an_infinity_that_an_earlier_release_wrote_down_holds_no_restart_up(state: JobState) -> None:
    left = OpenJob(
        job=job("j1"),
        miner_id="rig-1",
        session_id="s1",
        state=state,
        attempt=1,
        strikes=0,
        sends=int(state is JobState.SUBMITTING),
        mended=False,
        result=json.loads('{"integrity_score": Infinity}'),
    )
    script = Script(SavedMiner(open_jobs=(left,))).mining()
    nowhere = Client("http://farm", None)  # type: ignore[arg-type]
    for _ in ("as it is", "mended"):
        call = script.begin(CallKind.SUBMIT)
        outcome, _exchange = asyncio.run(nowhere.perform(call))
        assert isinstance(outcome, Unsendable)
        script.answer(call, outcome)
    assert script.last_state("j1") is JobState.REJECTED
    assert not script.booked()
    script.call(CallKind.FETCH, job("j2"))


@pytest.mark.parametrize("attempt", [0, 2, 99])
def test_a_result_of_an_attempt_that_was_never_made_changes_nothing(attempt: int) -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    script.computed("j1", attempt)
    assert active_jobs(script.miner)["j1"].result is None


def test_a_second_result_of_the_same_job_changes_nothing() -> None:
    script = Script().mining().fetched()
    before = active_jobs(script.miner)["j1"].result
    script.computed("j1")
    assert active_jobs(script.miner)["j1"].result == before
    assert len([e for e in script.effects if isinstance(e, JobMoved) and e.state is JobState.COMPUTED]) == 1
