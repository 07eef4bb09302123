"""A difference between server and ledger is judged by what was known when the answer came."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.causes import Difference
from fleet.domain.jobs import JobState, MinerSpec
from fleet.domain.saved_state import Prior
from fleet.miner.jobs import Workload
from fleet.miner.policy import Policy
from tests.support.desk import ANEW, MINER, Desk, desk, found

D = Difference


def test_a_total_in_mid_session_makes_the_sessions_sum_be_learnt_again() -> None:
    made = desk()
    made.session()
    made.lost(0.5)
    made.states(100.5, 6)
    assert made.account.session_offset is None
    made.sums(0.5)
    assert made.account.since_base == Decimal("0.5"), "the session's sum counts the recovered job, which is booked"


def test_a_payment_inside_the_first_sum_of_an_adopted_session_is_no_heartbeats_when_a_total_has_confirmed_it() -> None:
    """What seed 226 of about 25 jobs found: a restart read the confirmation as money that the sum had not counted."""
    made = desk()
    made.session(adopted=True)
    made.claimed(5.0)
    made.sums(5.0)
    made.states(105.0, 6)
    made.restart()
    made.session(adopted=True)
    made.sums(5.0)
    assert made.account.since_base == Decimal("5.0")


@pytest.mark.parametrize("dies", [False, True])
def test_a_job_that_was_given_up_is_not_taken_for_a_heartbeats_reward_when_the_sum_counts_it(dies: bool) -> None:
    """What seed 21024 found: a heartbeat's answer came after the drain had given the job up."""
    made = desk()
    made.session()
    made.lost(8.0)
    if dies:
        made.restart()
        made.session(adopted=True)
    made.sums(8.0)
    assert made.account.since_base == 0
    assert found(made.states(108.0, 6)) == [D.ANSWER_LOST]
    assert made.account.since_base == Decimal("8.0")


def test_a_sum_goes_on_after_a_restart_where_the_ledger_left_it() -> None:
    made = desk()
    made.session()
    made.paid(1.0)
    made.sums(1.0)
    made.paid(2.0)
    made.claimed(0.5)
    made.restart()
    made.session(adopted=True)
    made.paid(4.0)
    made.sums(7.5)
    assert made.account.since_base == Decimal("7.5"), "the sum counts all of them, the unconfirmed one too"


def test_an_adjustment_before_the_session_is_adopted_makes_its_sum_be_learnt_again_after_another_death() -> None:
    made = desk()
    made.session()
    made.restart()
    made.registers(100.125, 5)
    made.restart()
    made.session(adopted=True)
    made.sums(0.125)
    assert made.account.since_base == Decimal("0.125"), "the sum counts what the adjustment has booked"


def test_a_server_that_counts_nothing_any_more_has_forgotten_though_work_is_unresolved() -> None:
    """What seed 1283 of about 30 jobs found: the next total lacked some of the payments before, and took them back."""
    made = Desk()
    made.registers(0.0, 0, new=True)
    made.claimed(0.8, 0.5, 0.4)
    made.restart()
    assert found(made.registers(0.0, 0, unresolved=True)) == [D.FORGOTTEN]
    made.claimed(0.4, 0.8)
    made.restart()
    assert found(made.registers(1.2, 2)) == [D.CONFIRMED]
    assert made.account.booked == Decimal("2.9")


def test_the_age_of_a_record_is_learnt_once_its_total_lacks_nothing() -> None:
    made = Desk()
    made.registers(0.0, 0, new=True)
    made.claimed(0.5)
    made.states(0.5, 1)
    made.claimed(0.25)
    made.restart()
    assert found(made.states(0.5, 1, ANEW)) == [D.FORGOTTEN]
    assert made.account.booked == Decimal("0.75")


@pytest.mark.parametrize("dies", [False, True])
def test_a_lost_answer_explains_nothing_once_its_job_is_given_again(dies: bool) -> None:
    made = desk()
    first, second = made.lost(0.5, 0.5)
    workload = Workload(MINER, Policy(), made.account, random.Random(1))
    call = Call(kind=CallKind.FETCH, spec=MinerSpec(miner_id=MINER))
    reply = Reply(call=call, outcome=first, sent_at=1.0, answered_at=1.0)
    made.commit(workload.assigned(first, reply, 1.0, made.ledger.find))
    if dies:
        made.restart()
    made.states(100.5, 6)
    made.end(first, JobState.ACCEPTED)
    made.commit([made.account.job_paid(first, Decimal("0.5"), True, None, again=False)])
    assert made.ledger.find(second.job_id) == Prior(state=JobState.ALREADY_COMPLETED, attempt=1, miner_id=MINER)
    assert not found(made.states(101.0, 7))
    assert made.account.since_base == Decimal("1.0")
