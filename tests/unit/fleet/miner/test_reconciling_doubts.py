"""A total that is too low is in doubt: it is asked for again before it is believed."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.domain.answers import HeartbeatAnswer, Registration, SessionSummary, Totals
from fleet.domain.calls import CallKind
from fleet.domain.causes import Difference
from fleet.domain.effects import Found, Notice, TotalsSeen
from fleet.domain.events import DrainBegun
from fleet.domain.jobs import JobState, MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.errors import NoAnswer
from fleet.miner.job import ActiveJob
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.miner.submission import Submission
from tests.support.insides import active_jobs
from tests.support.reconciled_miner import EVERY_S, HALF, answer, job, kinds, mining


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


def test_a_total_that_is_too_low_at_the_registration_is_left_to_the_next_comparison() -> None:
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
