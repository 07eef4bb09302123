"""One server's part of the loop, among others that are not done yet."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

from fleet.coordinator.ledger_trouble import LedgerTrouble
from fleet.coordinator.observers import Observers
from fleet.coordinator.server_loop import ServerLoop
from fleet.domain.answers import SessionSummary
from fleet.domain.calls import Answer
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.saved_state import AbandonedSession
from fleet.errors import CallError, NoAnswer, RateLimited, SessionLost
from tests.support.at_once import Books
from tests.support.one_miner_farms import answers, bans, farm


def test_a_server_that_is_done_wakes_nobody_while_the_others_drain() -> None:
    banned, calls = farm("a"), Mock()
    part = ServerLoop(
        farm=banned, books=Books(), calls=calls, drain_s=1.0, network_every_s=30.0, name="a", clock=lambda: 0.0
    )
    ignoring: Any = Mock()
    part.join(ignoring, ignoring, Observers(), LedgerTrouble(ignoring.ledger))
    bans(banned, 0.0)
    part.begin_drain(0.0)
    part.drain_farm(0.0)
    assert part.ended
    for now in (2.0, 40.0):
        part.check_drain(now)
        assert part.carry_out(now) > now + 1.0
    calls.ask_network.assert_not_called()


class Stopping:
    """One server's part that has abandoned sessions to stop."""

    def __init__(self, *abandoned: AbandonedSession) -> None:
        self.now, self.farm, self.calls = 0.0, farm("a"), Mock()
        self.part = ServerLoop(
            farm=self.farm,
            books=Books(),
            calls=self.calls,
            drain_s=1.0,
            network_every_s=1e9,
            abandoned=abandoned,
            clock=lambda: self.now,
        )
        ignoring: Any = Mock()
        self.part.join(ignoring, ignoring, Observers(), LedgerTrouble(ignoring.ledger))

    def turn(self, now: float) -> list[AbandonedSession]:
        """The sessions that this turn stops."""
        self.now = now
        self.calls.stop_sessions.reset_mock()
        self.part.carry_out(now)
        made = self.calls.stop_sessions.call_args_list
        return list(made[0].args[0]) if made else []

    def ends(self, session: AbandonedSession, outcome: Answer | CallError) -> None:
        self.part.on_session_stopped(AbandonedSessionStopped(session=session, outcome=outcome), self.now)


GONE, LEFT = (AbandonedSession(miner_id=one, session_id=f"s{one}") for one in ("gone", "left"))
SUMMARY = SessionSummary(tasks_completed=0, rewards_earned=None)


def test_an_abandoned_session_is_stopped_again_a_minute_later_until_the_server_has_stopped_it() -> None:
    stopping = Stopping(GONE, LEFT)
    assert stopping.turn(0.0) == [GONE, LEFT]
    stopping.ends(GONE, NoAnswer("cut"))
    assert stopping.turn(59.0) == []
    assert stopping.turn(60.0) == [GONE, LEFT]
    stopping.ends(GONE, SUMMARY)
    stopping.ends(LEFT, RateLimited())
    assert stopping.turn(120.0) == [LEFT]
    stopping.ends(LEFT, SessionLost("Session not found"))
    assert [stopping.turn(float(now)) for now in range(180, 1800, 60)] == [[]] * 27


def test_a_miner_that_was_brought_in_again_keeps_its_session() -> None:
    stopping = Stopping(GONE, LEFT)
    stopping.farm.miners["left"] = next(iter(stopping.farm.miners.values()))
    assert stopping.turn(0.0) == [GONE]


def test_no_session_is_stopped_while_the_server_bans_this_address_and_the_turn_is_not_due_before() -> None:
    stopping = Stopping(GONE)
    bans(stopping.farm, 0.0)
    assert stopping.turn(1.0) == []
    assert stopping.part.carry_out(2.0) > 2.0
    over_at = stopping.farm.server.free_at
    assert stopping.turn(over_at) == [], "a miner probes first"
    answers(stopping.farm, over_at)
    assert stopping.turn(stopping.farm.server.free_at) == [GONE]
