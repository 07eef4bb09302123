"""What a session's end states is booked: at a drain, after a restart, for a miner that is no longer wanted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.answers import Registration, Totals
from fleet.domain.calls import CallKind
from fleet.domain.causes import Difference
from fleet.domain.effects import Booked, Write
from fleet.domain.events import AbandonedSessionStopped, DrainBegun
from fleet.errors import CallError
from fleet.miner.abandoned import closing_rows
from fleet.miner.phase import Phase
from tests.support.session_pay import CRASH, DONE, MINER, PAY, Farm, stopped, unresolved


def drained(final: Totals | CallError) -> Farm:
    """A heartbeat was weighed; what a later one brought is stated by the session's end alone."""
    farm = unresolved()
    farm.call(CallKind.SUBMIT, DONE)
    farm.miner.on(DrainBegun(), 0.0)
    farm.call(CallKind.STOP_SESSION, stopped(2 * PAY))
    farm.now = 100.0
    farm.call(CallKind.TOTALS, final)
    return farm


def test_a_drain_books_what_the_sessions_end_states_without_any_total() -> None:
    farm = drained(CRASH)
    assert farm.heartbeats() == [PAY, PAY]
    assert farm.found() == []


def test_the_final_total_then_agrees() -> None:
    farm = drained(Totals(total_rewards=2 * PAY + Decimal("0.3"), total_jobs=2))
    assert farm.heartbeats() == [PAY, PAY]
    assert farm.miner.account.difference == 0
    assert farm.found() == [Difference.CONFIRMED]
    assert farm.miner.phase is Phase.DONE


@pytest.mark.parametrize("sum_nnet", [None, Decimal(0), PAY])
def test_a_sessions_end_that_states_no_more_books_nothing(sum_nnet: Decimal | None) -> None:
    farm = unresolved()
    farm.call(CallKind.SUBMIT, DONE)
    farm.miner.on(DrainBegun(), 0.0)
    farm.call(CallKind.STOP_SESSION, stopped(sum_nnet))
    assert farm.heartbeats() == [PAY]


def test_after_a_restart_jobs_that_the_server_counts_twice_are_no_other_clients() -> None:
    """docs/protocol-notes.md, 15: the total counts a reported job again; the farm knows this server from before."""
    before = unresolved()
    before.call(CallKind.SUBMIT, DONE)
    before.miner.on(DrainBegun(), 0.0)
    before.call(CallKind.STOP_SESSION, stopped(None))
    before.now = 100.0
    before.call(CallKind.TOTALS, CRASH)
    after = Farm(before.ledger)
    total = Totals(total_rewards=2 * PAY + Decimal("0.3"), total_jobs=2)
    after.call(CallKind.REGISTER, Registration(new=False, totals=total))
    assert after.found() == [Difference.HEARTBEAT]


def test_a_servers_habit_outlives_its_forgetting() -> None:
    before = unresolved()
    before.call(CallKind.SUBMIT, DONE)
    before.miner.on(DrainBegun(), 0.0)
    before.call(CallKind.STOP_SESSION, stopped(PAY))
    again = Farm(before.ledger)
    again.call(CallKind.REGISTER, Registration(new=True))
    assert again.ledger.saved_miner(MINER).counts_reports


def test_a_session_that_is_stopped_for_a_miner_that_is_not_wanted_any_more_is_booked_to_its_end() -> None:
    before = unresolved()
    before.call(CallKind.SUBMIT, DONE)
    ledger = before.ledger
    (session,) = ledger.abandoned_sessions({"another"})
    effects = closing_rows(AbandonedSessionStopped(session=session, outcome=stopped(3 * PAY)))
    ledger.commit([effect for effect in effects if isinstance(effect, Write)])
    assert ledger.saved_miner(MINER).booked == 3 * PAY + Decimal("0.3")
    assert ledger.abandoned_sessions({"another"}) == []


def test_nothing_of_it_is_booked_while_a_submission_may_be_in_the_sum() -> None:
    before = unresolved()
    (session,) = before.ledger.abandoned_sessions({"another"})
    effects = closing_rows(AbandonedSessionStopped(session=session, outcome=stopped(3 * PAY)))
    assert not any(isinstance(effect, Booked) for effect in effects)
