"""What a heartbeat's sum proves is booked once, however many submissions are unresolved."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.answers import HeartbeatAnswer, Receipt
from fleet.domain.calls import CallKind
from fleet.domain.events import DrainBegun
from fleet.errors import NoAnswer
from tests.support.session_pay import DONE, HEARTBEAT, MINER, PAY, Farm, earned, stopped, unresolved


def test_what_a_heartbeat_states_waits_for_the_submissions_that_are_unresolved() -> None:
    assert unresolved().heartbeats() == []


def test_it_is_booked_as_soon_as_the_last_of_them_is_resolved() -> None:
    farm = unresolved()
    farm.call(CallKind.SUBMIT, DONE)
    assert farm.heartbeats() == [PAY]
    assert farm.ledger.saved_miner(MINER).booked == PAY + Decimal("0.3")


def test_the_job_that_the_sum_counts_is_no_pay_of_the_heartbeat() -> None:
    """The release counts the job for the session, though the answer to its submission was lost."""
    farm = Farm().mining().fetched("j1")
    farm.call(CallKind.SUBMIT, NoAnswer("cut"))
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(Decimal("0.3")))
    farm.call(CallKind.SUBMIT, DONE)
    assert farm.heartbeats() == []
    assert not farm.ledger.saved_miner(MINER).claims, "the sum confirms it"


def test_a_job_that_is_accepted_after_the_sum_was_stated_is_not_in_it_and_is_in_the_next() -> None:
    farm = Farm().mining().fetched("j1")
    farm.call(CallKind.SUBMIT, NoAnswer("cut"))
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(PAY))
    farm.call(CallKind.SUBMIT, Receipt(accepted=True, reward=Decimal("0.3")))
    assert farm.heartbeats() == [PAY]
    farm.now = 2 * HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(PAY + Decimal("0.3")))
    assert farm.heartbeats() == [PAY]


def test_a_sum_that_the_next_one_overtakes_is_booked_with_it() -> None:
    farm = unresolved()
    farm.now = 2 * HEARTBEAT
    farm.call(CallKind.HEARTBEAT, earned(2 * PAY))
    farm.call(CallKind.SUBMIT, DONE)
    assert farm.heartbeats() == [2 * PAY]


def test_a_release_that_names_its_heartbeats_rewards_is_not_booked_by_its_sums_as_well() -> None:
    farm = Farm().mining()
    farm.now = HEARTBEAT
    farm.call(CallKind.HEARTBEAT, HeartbeatAnswer(reward=PAY))
    farm.miner.on(DrainBegun(), 0.0)
    farm.call(CallKind.STOP_SESSION, stopped(2 * PAY))
    assert farm.heartbeats() == [PAY]
