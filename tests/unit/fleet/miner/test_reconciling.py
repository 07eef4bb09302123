"""A miner that mines asks for its totals now and then, when nothing is under way that the total could count."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.answers import HeartbeatAnswer, SessionSummary, Totals
from fleet.domain.calls import CallKind
from fleet.domain.effects import Notice, SessionClosed, SessionOpened, TotalsSeen, Write
from fleet.domain.events import DrainBegun
from fleet.domain.jobs import JobState
from fleet.errors import NoAnswer, NotRegistered, Refused, SessionLost
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.miner.phase import Phase
from fleet.miner.submission import Submission
from tests.support.insides import active_jobs
from tests.support.reconciled_miner import EVERY_S, answer, job, kinds, mining


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


def test_no_totals_are_asked_for_while_a_submissions_outcome_is_unknown() -> None:
    miner = mining()
    answer(miner, job(), 1.0)
    active = active_jobs(miner)["j1"]
    active.state, active.submission, active.result = JobState.SUBMITTING, Submission.UNANSWERED, {"final_hash": "x"}
    answer(miner, HeartbeatAnswer(), EVERY_S)
    assert CallKind.TOTALS not in kinds(miner, EVERY_S)


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
