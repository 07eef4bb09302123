"""The surprises of docs/protocol-notes.md, each on one pure miner whose calls are answered by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, Totals
from fleet.domain.calls import CallKind
from fleet.domain.effects import SessionClosed
from fleet.domain.events import DrainBegun
from fleet.domain.jobs import JobOrigin, JobState
from fleet.errors import (
    CallError,
    JobCompleted,
    JobUnknown,
    NoAnswer,
    NotRegistered,
    RateLimited,
    Refused,
    ServerFault,
    SessionLost,
    Unreachable,
)
from fleet.miner.phase import Phase
from tests.support.insides import active_jobs
from tests.support.miner_script import REWARD, Script, accepted, job


def test_an_accepted_job_is_booked_at_the_reward_of_the_answer_and_not_at_the_stated_one() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, accepted("0.25"))
    assert script.booked() == [(EntryKind.JOB, Decimal("0.25"), True)]
    assert script.last_state("j1") is JobState.ACCEPTED


def test_a_registration_that_answers_500_is_asked_again_at_once() -> None:
    script = Script()
    script.call(CallKind.REGISTER, ServerFault(500, "Internal Server Error"))
    script.call(CallKind.REGISTER, Registration(new=False, totals=Totals(total_rewards=Decimal(0))))
    assert script.miner.phase is Phase.REGISTERED


def test_a_submission_that_answers_500_is_asked_again_beside_the_next_fetch_and_booked_unconfirmed() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, ServerFault(500, "Internal Server Error"))
    again = script.begin(CallKind.SUBMIT)
    fetch = script.begin(CallKind.FETCH)
    script.answer(again, JobCompleted("Task already completed"))
    script.answer(fetch, job("j2"))
    assert script.booked() == [(EntryKind.JOB, REWARD, False)]
    assert script.last_state("j1") is JobState.ALREADY_COMPLETED


def test_a_job_that_the_server_gives_again_is_computed_once() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, NoAnswer("cut"))
    script.now += 120
    script.call(CallKind.HEARTBEAT, HeartbeatAnswer())
    resend = script.begin(CallKind.SUBMIT)
    script.call(CallKind.FETCH, job("j1"))
    assert len(script.dispatches()) == 1
    script.answer(resend, accepted())
    assert script.booked() == [(EntryKind.JOB, REWARD, True)]


def test_a_session_that_runs_already_is_adopted() -> None:
    script = Script()
    script.call(CallKind.REGISTER, Registration(new=False, totals=Totals(total_rewards=Decimal(7))))
    script.call(CallKind.START_SESSION, SessionStart(session_id="old", adopted=True, initial_job=None))
    assert script.begin(CallKind.FETCH).session_id == "old"


def test_the_first_job_of_a_session_is_computed_while_another_one_is_fetched() -> None:
    script = Script()
    script.call(CallKind.REGISTER, Registration(new=True))
    start = SessionStart(session_id="s1", adopted=False, initial_job=job("free", JobOrigin.INITIAL))
    script.call(CallKind.START_SESSION, start)
    script.call(CallKind.FETCH, job("j1"))
    assert [order.message.job_id for order in script.dispatches()] == ["free", "j1"]


def test_the_next_job_of_a_heartbeat_is_computed_and_paid_beside_the_fetched_one() -> None:
    script = Script().mining()
    fetch = script.begin(CallKind.FETCH)
    script.now += 30
    script.call(CallKind.HEARTBEAT, HeartbeatAnswer(next_job=job("next", JobOrigin.NEXT)))
    script.answer(fetch, job("j1"))
    assert [order.message.job_id for order in script.dispatches()] == ["next", "j1"]
    for job_id in ("next", "j1"):
        script.computed(job_id)
        submission = script.begin(CallKind.SUBMIT)
        assert submission.job_id == job_id
        script.answer(submission, accepted())
    assert script.booked() == [(EntryKind.JOB, REWARD, True)] * 2


def test_a_draining_miner_takes_no_next_job() -> None:
    script = Script().mining()
    fetch = script.begin(CallKind.FETCH)
    script.now += 30
    beat = script.begin(CallKind.HEARTBEAT)
    script.miner.on(DrainBegun(), 0.0)
    script.answer(beat, HeartbeatAnswer(next_job=job("next", JobOrigin.NEXT)))
    script.answer(fetch, Unreachable("refused"))
    assert not active_jobs(script.miner)


def test_an_invalid_format_is_mended_once_with_the_required_fields_alone() -> None:
    script = Script().mining().fetched()
    refusal = Receipt(accepted=False, reward=Decimal(0), error="Invalid result format")
    script.call(CallKind.SUBMIT, refusal)
    mended = script.begin(CallKind.SUBMIT)
    assert set(mended.result) == {"integrity_score", "compute_time_ms"}
    script.answer(mended, refusal)
    assert script.last_state("j1") is JobState.REJECTED
    assert not script.booked()


@pytest.mark.parametrize(
    ("error", "phase"),
    [(NotRegistered("gone"), Phase.UNREGISTERED), (SessionLost("Session not found"), Phase.REGISTERED)],
)
def test_a_forgetful_server_is_started_over_with_from_where_it_forgot(error: CallError, phase: Phase) -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, error)
    assert script.miner.phase is phase
    assert any(isinstance(effect, SessionClosed) for effect in script.effects)
    assert active_jobs(script.miner)["j1"].state is JobState.COMPUTED


def test_a_job_that_the_server_forgot_is_lost_with_its_cause() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, JobUnknown("Task not found"))
    assert script.last_state("j1") is JobState.EXPIRED
    assert not script.booked()


def test_a_submission_that_the_server_can_not_read_is_mended_and_then_given_up() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, Refused(422, "malformed"))
    script.call(CallKind.SUBMIT, Refused(422, "malformed"))
    assert script.last_state("j1") is JobState.REJECTED


def test_a_rate_limit_costs_the_job_nothing() -> None:
    script = Script().mining().fetched()
    script.call(CallKind.SUBMIT, RateLimited())
    script.call(CallKind.SUBMIT, accepted())
    assert script.booked() == [(EntryKind.JOB, REWARD, True)]
