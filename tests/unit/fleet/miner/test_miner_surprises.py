"""The surprises of docs/protocol-notes.md, each on one pure miner whose calls are answered by hand."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from dataclasses import replace
from decimal import Decimal

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.causes import Loss
from fleet.domain.effects import Booked, Dispatch, Effect, JobMoved, Notice, SessionClosed
from fleet.domain.events import DrainBegun, Published, ResultArrived, TimePassed
from fleet.domain.jobs import Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import OpenJob, Prior, SavedMiner
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
    Unsendable,
)
from fleet.miner.miner import Miner
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy
from fleet.server.client import Client
from tasks.messages import Outcome, ResultMessage, parse_stream_fields, task_id
from tests.support.insides import active_jobs

REWARD = Decimal("0.3")


def job(job_id: str, origin: JobOrigin = JobOrigin.FETCHED, job_type: str = "data_validation") -> Job:
    return Job(job_id=job_id, job_type=job_type, data={"records": 100}, reward=REWARD, origin=origin, timeout_s=60.0)


class Script:
    """Answers the calls of one miner and keeps what it asked for."""

    def __init__(self, saved: SavedMiner | None = None) -> None:
        self.now = 1000.0
        self.miner = Miner(MinerSpec(miner_id="rig-1"), Policy(), saved or SavedMiner(), random.Random(1), self.now)
        self.effects: list[Effect] = []
        self.priors: dict[str, Prior] = {}

    def begin(self, kind: CallKind) -> Call:
        begun = self.miner.begin(self.now)
        assert begun is not None, f"the miner wants nothing, not even {kind}"
        call, effects = begun
        self.effects += effects
        assert call.kind is kind
        return call

    def answer(self, call: Call, outcome: Answer | CallError) -> list[Effect]:
        reply = Reply(call=call, outcome=outcome, sent_at=self.now, answered_at=self.now)
        effects = self.miner.on(reply, self.now, self.priors.get)
        self.effects += effects
        return effects

    def call(self, kind: CallKind, outcome: Answer | CallError) -> list[Effect]:
        return self.answer(self.begin(kind), outcome)

    def mining(self) -> Script:
        self.call(CallKind.REGISTER, Registration(new=True))
        self.call(CallKind.START_SESSION, SessionStart(session_id="s1", adopted=False, initial_job=None))
        return self

    def computed(self, job_id: str, attempt: int = 1) -> None:
        self.result(job_id, Outcome.COMPUTED, attempt)

    def result(self, job_id: str, outcome: Outcome, attempt: int = 1) -> None:
        result = {"integrity_score": 0.9, "extra": 1} if outcome is Outcome.COMPUTED else {}
        message = ResultMessage(job_id=job_id, attempt=attempt, outcome=outcome, result=result, compute_ms=2.0)
        self.effects += self.miner.on(ResultArrived(message=message), self.now)

    def waited(self, seconds: float) -> None:
        """So long later, the timers that are due have run."""
        self.now += seconds
        self.effects += self.miner.on(TimePassed(), self.now)

    def fetched(self, job_id: str = "j1") -> Script:
        self.call(CallKind.FETCH, job(job_id))
        self.computed(job_id)
        return self

    def booked(self) -> list[tuple[EntryKind, Decimal, bool]]:
        entries = [effect.entry for effect in self.effects if isinstance(effect, Booked)]
        return [(entry.kind, entry.amount, entry.confirmed) for entry in entries]

    def last_state(self, job_id: str) -> JobState:
        return [e.state for e in self.effects if isinstance(e, JobMoved) and e.job_id == job_id][-1]

    def dispatches(self) -> list[Dispatch]:
        return [effect for effect in self.effects if isinstance(effect, Dispatch)]


def accepted(reward: str = "0.3") -> Receipt:
    return Receipt(accepted=True, reward=Decimal(reward))


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


def test_a_result_with_an_infinity_in_it_is_a_failed_attempt() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, job("j1"))
    for attempt in (1, 2, 3):
        body = b'{"v": 2, "kernel": "7", "ms": 1, "result": {"integrity_score": 1e400}}'
        message = parse_stream_fields({b"task": task_id("j1", attempt).encode(), b"state": b"SUCCESS", b"body": body})
        script.effects += script.miner.on(ResultArrived(message=message), script.now)
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
