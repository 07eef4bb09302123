"""A ledger that several servers wait for is said once, and is well again once none of them waits."""

from __future__ import annotations

from fleet.coordinator.ledger_trouble import LedgerTrouble
from fleet.coordinator.pending import LedgerState


def slow(waited_s: float) -> LedgerState:
    return LedgerState(reason="the ledger's disk is slow", waited_s=waited_s)


def test_only_the_first_account_reports_and_the_last_one_ends_it() -> None:
    said: list[LedgerState] = []
    trouble = LedgerTrouble(said.append)
    trouble.say("main", slow(1.5))
    trouble.say("side", slow(1.6))
    trouble.say("main", slow(11.5))
    trouble.say("side", slow(11.6))
    trouble.say("main", LedgerState(reason="", waited_s=12.0))
    assert said == [slow(1.5), slow(11.5)]
    trouble.say("side", LedgerState(reason="", waited_s=13.0))
    assert said[2:] == [LedgerState(reason="", waited_s=13.0)]
    trouble.say("side", slow(1.5))
    assert said[3:] == [slow(1.5)]


def test_when_the_first_one_is_well_the_next_goes_on_reporting() -> None:
    said: list[LedgerState] = []
    trouble = LedgerTrouble(said.append)
    trouble.say("main", slow(1.5))
    trouble.say("side", slow(1.6))
    trouble.say("main", LedgerState(reason="", waited_s=2.0))
    trouble.say("side", slow(11.6))
    trouble.say("side", LedgerState(reason="", waited_s=12.0))
    assert said == [slow(1.5), slow(11.6), LedgerState(reason="", waited_s=12.0)]
