"""A miner that mines asks for its totals now and then, when nothing is under way that the total could count."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from fleet.domain.answers import HeartbeatAnswer, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.causes import Difference, Loss
from fleet.domain.effects import Effect, Found, JobMoved, Notice, SessionClosed, SessionOpened, TotalsSeen, Write
from fleet.domain.events import AbandonedSessionStopped, DrainBegun
from fleet.domain.jobs import Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import AbandonedSession, OpenJob, SavedMiner
from fleet.errors import NoAnswer, NotRegistered, Refused, SessionLost
from fleet.ledger.engine import open_engine
from fleet.ledger.ledger import Ledger
from fleet.miner.abandoned import closing_rows
from fleet.miner.job import ActiveJob
from fleet.miner.miner import Miner
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy
from fleet.miner.submission import Submission
from tests.support.insides import active_jobs

EVERY_S = 100.0
HALF = Decimal("0.5")


def answer(miner: Miner, outcome: object, now: float) -> tuple[Call, list[Effect]]:
    """Let the miner make its most urgent call, and answer it at once."""
    begun = miner.begin(now)
    assert begun is not None
    call, _ = begun
    reply = Reply(call=call, outcome=outcome, sent_at=now, answered_at=now)  # type: ignore[arg-type]
    return call, miner.on(reply, now, lambda _job_id: None)


def mining(*, new: bool = True) -> Miner:
    miner = Miner(MinerSpec(miner_id="rig-a1"), Policy(reconcile_s=EVERY_S), SavedMiner(), random.Random(1), 0.0)
    answer(miner, Registration(new=new), 0.0)
    answer(miner, SessionStart(session_id="s1", adopted=False, initial_job=None), 0.0)
    return miner


def job() -> Job:
    return Job(job_id="j1", job_type="data_hash", data={}, reward=Decimal(1), origin=JobOrigin.FETCHED, timeout_s=60.0)


def kinds(miner: Miner, now: float) -> list[CallKind]:
    """The calls that the miner makes at `now` until it waits, left unanswered."""
    made = []
    while (begun := miner.begin(now)) is not None:
        made.append(begun[0].kind)
    return made


def test_the_totals_are_asked_for_after_the_heartbeat_that_is_due() -> None:
    miner = mining()
    call, _ = answer(miner, HeartbeatAnswer(), EVERY_S)
    assert call.kind is CallKind.HEARTBEAT
    call, effects = answer(miner, Totals(total_rewards=Decimal(0), total_jobs=0), EVERY_S)
    assert call.kind is CallKind.TOTALS
    assert [effect.verdict for effect in effects if isinstance(effect, TotalsSeen)] == ["agrees"]
    assert miner.phase is Phase.MINING


def test_nothing_is_sent_while_the_totals_are_asked_for() -> None:
    miner = mining()
    answer(miner, HeartbeatAnswer(), EVERY_S)
    assert kinds(miner, EVERY_S) == [CallKind.TOTALS]


def test_the_totals_wait_for_the_calls_that_are_under_way() -> None:
    miner = mining()
    assert kinds(miner, 1.0) == [CallKind.FETCH]
    assert kinds(miner, EVERY_S) == [CallKind.HEARTBEAT]


def test_the_totals_are_asked_for_again_after_the_interval_and_not_before() -> None:
    miner = mining()
    answer(miner, HeartbeatAnswer(), EVERY_S)
    answer(miner, Totals(total_rewards=Decimal(0)), EVERY_S)
    assert kinds(miner, EVERY_S + 1.0) == [CallKind.FETCH]


def test_a_server_without_totals_is_said_to_be_unverifiable_and_mining_goes_on() -> None:
    miner = mining()
    answer(miner, HeartbeatAnswer(), EVERY_S)
    for error in (Refused(404, "Not Found"), NotRegistered("Contributor not found"), NoAnswer("cut")):
        miner = mining()
        answer(miner, HeartbeatAnswer(), EVERY_S)
        _, effects = answer(miner, error, EVERY_S)
        (seen,) = [effect for effect in effects if isinstance(effect, TotalsSeen)]
        assert seen.total is None
        assert seen.verdict.startswith("unverifiable: ")
        assert kinds(miner, EVERY_S) == [CallKind.FETCH]


def in_doubt() -> Miner:
    """It was paid 0.5 NNET, and at EVERY_S the server states none."""
    miner = mining()
    answer(miner, HeartbeatAnswer(reward=HALF), EVERY_S)
    call, effects = answer(miner, Totals(total_rewards=Decimal(0)), EVERY_S)
    assert (call.kind, effects) == (CallKind.TOTALS, [])
    return miner


def test_a_total_that_is_too_low_is_asked_for_again_with_nothing_begun_and_agrees_when_it_has_risen() -> None:
    miner = in_doubt()
    assert kinds(miner, EVERY_S + 0.9) == []
    call, effects = answer(miner, Totals(total_rewards=HALF), EVERY_S + 1.0)
    assert call.kind is CallKind.TOTALS
    assert [effect.verdict for effect in effects if isinstance(effect, TotalsSeen)] == ["agrees"]
    assert miner.account.difference == 0
    assert kinds(miner, EVERY_S + 1.0) == [CallKind.FETCH]


def test_a_total_that_stays_too_low_for_a_quarter_of_a_minute_is_believed() -> None:
    miner = in_doubt()
    low = Totals(total_rewards=Decimal(0))
    for after_s in (1.0, 5.0):
        assert answer(miner, low, EVERY_S + after_s)[1] == []
    _, effects = answer(miner, low, EVERY_S + 15.0)
    (found,) = [effect for effect in effects if isinstance(effect, Found)]
    assert (found.finding.kind, found.finding.amount) == (Difference.FORGOTTEN, -HALF)
    assert (miner.account.booked, miner.account.difference) == (HALF, Decimal(0))
    assert kinds(miner, EVERY_S + 15.0) == [CallKind.FETCH]


def test_what_is_open_is_submitted_while_a_total_is_in_doubt() -> None:
    miner = in_doubt()
    answer(miner, Totals(total_rewards=HALF), EVERY_S + 1.0)
    answer(miner, job(), EVERY_S + 1.0)
    at = EVERY_S + 1.0 + EVERY_S
    answer(miner, HeartbeatAnswer(), at)
    answer(miner, Totals(total_rewards=Decimal(0)), at)
    active = active_jobs(miner)["j1"]
    active.state, active.result = JobState.COMPUTED, {"final_hash": "x"}
    assert kinds(miner, at + 0.5) == [CallKind.SUBMIT]


def test_a_payment_in_mid_doubt_begins_it_anew() -> None:
    miner = in_doubt()
    low = Totals(total_rewards=Decimal(0))
    for after_s in (1.0, 5.0):
        answer(miner, low, EVERY_S + after_s)
    call, _ = answer(miner, HeartbeatAnswer(reward=HALF), EVERY_S + 30.0)
    assert call.kind is CallKind.HEARTBEAT
    for after_s in (30.0, 31.0, 35.0):
        assert answer(miner, Totals(total_rewards=HALF), EVERY_S + after_s)[1] == []
    answer(miner, Totals(total_rewards=2 * HALF), EVERY_S + 45.0)
    assert (miner.account.booked, miner.account.difference) == (2 * HALF, Decimal(0))


def test_a_miner_in_doubt_fetches_while_a_submissions_outcome_is_unknown() -> None:
    """Both wait for an answer: that of the submission may never come."""
    miner = in_doubt()
    active_jobs(miner)["j1"] = ActiveJob(
        job=job(), session_id="s1", state=JobState.SUBMITTING, submission=Submission.SENT_AGAIN
    )
    assert kinds(miner, EVERY_S + 1.0) == [CallKind.FETCH]


def test_a_first_total_below_what_receipts_stated_is_asked_for_again() -> None:
    miner = mining(new=False)
    answer(miner, HeartbeatAnswer(reward=HALF, total_rewards=2 * HALF), EVERY_S)
    assert answer(miner, Totals(total_rewards=HALF), EVERY_S)[1] == []
    answer(miner, Totals(total_rewards=2 * HALF), EVERY_S + 1.0)
    assert miner.account.base_total == 2 * HALF


def test_a_total_that_is_too_low_at_the_registration_is_left_to_the_next_audit() -> None:
    saved = SavedMiner(booked=HALF, payments=1, base_total=Decimal(0), base_booked=Decimal(0))
    miner = Miner(MinerSpec(miner_id="rig-a1"), Policy(reconcile_s=EVERY_S), saved, random.Random(1), 0.0)
    _, effects = answer(miner, Registration(new=False, totals=Totals(total_rewards=Decimal(0))), 0.0)
    assert [effect for effect in effects if not isinstance(effect, Notice)] == []
    assert miner.account.since_base == HALF


def test_a_record_that_the_server_made_anew_is_no_copy_that_lags() -> None:
    miner = mining()
    answer(miner, HeartbeatAnswer(), EVERY_S)
    answer(miner, Totals(total_rewards=Decimal(0), registered_at=1), EVERY_S)
    answer(miner, HeartbeatAnswer(reward=HALF), 2 * EVERY_S)
    _, effects = answer(miner, Totals(total_rewards=Decimal(0), registered_at=2), 2 * EVERY_S)
    assert [effect.finding.kind for effect in effects if isinstance(effect, Found)] == [Difference.FORGOTTEN]


def test_a_doubt_ends_when_the_totals_can_not_be_asked_for() -> None:
    miner = in_doubt()
    answer(miner, NoAnswer("cut"), EVERY_S + 1.0)
    assert kinds(miner, EVERY_S + 1.0) == [CallKind.FETCH]


def test_the_last_total_of_a_drain_is_asked_for_again_too() -> None:
    miner = in_doubt()
    miner.on(DrainBegun(), 0.0)
    answer(miner, SessionSummary(tasks_completed=0, rewards_earned=None), EVERY_S + 0.5)
    assert miner.begin(EVERY_S + 0.9) is None
    assert answer(miner, Totals(total_rewards=Decimal(0)), EVERY_S + 1.0)[1] == []
    assert not miner.done
    answer(miner, Totals(total_rewards=HALF), EVERY_S + 5.0)
    assert miner.done


def test_no_totals_are_asked_for_while_a_submissions_outcome_is_unknown() -> None:
    miner = mining()
    answer(miner, job(), 1.0)
    active = active_jobs(miner)["j1"]
    active.state, active.submission, active.result = JobState.SUBMITTING, Submission.UNANSWERED, {"final_hash": "x"}
    answer(miner, HeartbeatAnswer(), EVERY_S)
    assert CallKind.TOTALS not in kinds(miner, EVERY_S)


def session(state: JobState = JobState.DISPATCHED) -> AbandonedSession:
    left = OpenJob(
        job=job(),
        miner_id="gone",
        session_id="s9",
        state=state,
        attempt=1,
        strikes=0,
        sends=0,
        mended=False,
        result=None,
    )
    return AbandonedSession(miner_id="gone", session_id="s9", open_jobs=(left,))


def test_a_ghosts_session_is_closed_and_its_jobs_end_when_the_server_says_that_it_is_over() -> None:
    stopped = SessionSummary(tasks_completed=0, rewards_earned=Decimal(0))
    for outcome in (stopped, SessionLost("Session not found")):
        moved, closed = closing_rows(AbandonedSessionStopped(session=session(), outcome=outcome))
        assert isinstance(moved, JobMoved)
        assert (moved.state, moved.loss) == (JobState.EXPIRED, Loss.DRAINED)
        assert isinstance(closed, SessionClosed)
        assert closed.session_id == "s9"


def test_a_ghost_whose_submission_was_sent_is_lost_with_its_answer() -> None:
    outcome = SessionSummary(tasks_completed=0, rewards_earned=Decimal(0))
    moved, _ = closing_rows(AbandonedSessionStopped(session=session(JobState.SUBMITTING), outcome=outcome))
    assert isinstance(moved, JobMoved)
    assert moved.loss is Loss.ANSWER_LOST


def test_a_ghost_stays_for_the_next_start_while_the_server_does_not_answer() -> None:
    assert closing_rows(AbandonedSessionStopped(session=session(), outcome=NoAnswer("cut"))) == []


def test_a_session_that_could_not_be_stopped_stays_open_for_the_next_start() -> None:
    with Ledger(open_engine("sqlite://"), "s") as ledger:
        miner = mining()
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=Decimal(0))])
        miner.on(DrainBegun(), 0.0)
        words: list[str] = []
        for tries in range(1, 4):
            call, effects = answer(miner, NoAnswer("hangs"), tries * EVERY_S)
            assert call.kind is CallKind.STOP_SESSION
            ledger.commit([effect for effect in effects if isinstance(effect, Write)])
            words += [effect.text for effect in effects if isinstance(effect, Notice)]
        assert miner.phase is Phase.STOPPED
        assert "session not stopped: the server does not answer: s1" in words
        adopted = ledger.saved_miner("rig-a1").session
        assert adopted is not None
        assert adopted.session_id == "s1"
        assert [session.session_id for session in ledger.abandoned_sessions(set())] == ["s1"]


@pytest.mark.parametrize("outcome", [SessionSummary(tasks_completed=0, rewards_earned=None), SessionLost("no session")])
def test_a_session_that_was_stopped_or_lost_is_closed(outcome: SessionSummary | SessionLost) -> None:
    miner = mining()
    miner.on(DrainBegun(), 0.0)
    _, effects = answer(miner, outcome, EVERY_S)
    assert [effect.session_id for effect in effects if isinstance(effect, SessionClosed)] == ["s1"]
