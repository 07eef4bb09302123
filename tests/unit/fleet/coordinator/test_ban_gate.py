"""Once an answer has stated a ban, calls that were decided on before the loop knew of it are not sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from fleet.coordinator.ban_gate import BanGate
from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.inbox import Inbox, Network, TermsStated
from fleet.domain.answers import Totals
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.jobs import MinerSpec
from fleet.domain.proof import Exchange
from fleet.domain.saved_state import AbandonedSession
from fleet.errors import Banned, CallError, ServerFault
from tests.virtual.server import ran

BLOCKED = Banned("403: blocked", 300.0)
DISTRUST = Banned("403: trust_too_low")
CALL = Call(kind=CallKind.TOTALS, spec=MinerSpec(miner_id="a"))


class Queued:
    """Runs calls when it is told to, as a thread does that has others to run first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, function: Callable[..., Any], *args: Any) -> None:
        """Keep it."""
        self._waiting.append((function, args))

    def run(self) -> None:
        """Run all of them."""
        for function, args in self._waiting:
            ran(function(*args))
        self._waiting.clear()


class Server:
    """A client whose server bans at a request, and the requests that reached it."""

    def __init__(self, error: CallError, *, at: int = 1) -> None:
        self.requests: list[str] = []
        self._error, self._at = error, at

    async def perform(self, call: Call) -> tuple[Answer | CallError, Exchange]:
        """Answer a miner's call."""
        try:
            self._came(call.kind.value)
        except CallError as exc:
            return exc, Exchange()
        return Totals(total_rewards=Decimal(0)), Exchange()

    async def gas(self) -> None:
        """Answer."""
        self._came("gas")

    async def network(self) -> None:
        """Answer."""
        self._came("network")

    async def current_terms(self) -> None:
        """Answer."""
        self._came("terms")

    tokenomics_terms = current_terms

    def _came(self, name: str) -> None:
        self.requests.append(name)
        if len(self.requests) >= self._at:
            raise self._error


class Farm:
    """Calls to that server, at a time that the test sets."""

    def __init__(self, server: Any) -> None:
        self.server, self.now, self.queued, self._inbox = server, 10.0, Queued(), Inbox()
        self.calls = ServerCalls(server, self.queued, self._inbox, lambda: self.now)

    def events(self) -> list[Any]:
        """What came of the calls that wait."""
        self.queued.run()
        return list(self._inbox.take(0.0))


@pytest.mark.parametrize(("ban", "lasts_s"), [(BLOCKED, 300.0), (DISTRUST, 60.0)], ids=["stated", "not stated"])
def test_calls_that_wait_when_the_ban_is_stated_are_answered_by_it_and_not_sent(ban: Banned, lasts_s: float) -> None:
    farm = Farm(Server(ban))
    for _ in range(8):
        farm.calls.start(CALL)
    replies = farm.events()
    assert farm.server.requests == ["contributor"]
    assert [reply.outcome for reply in replies] == [ban] * 8
    assert [reply.exchange.requests for reply in replies] == [1] + [0] * 7
    farm.now += lasts_s - 0.1
    farm.calls.start(CALL)
    assert farm.events()[0].sent_at == 10.0, "what the ban's first refusal showed, and nothing newer"
    assert len(farm.server.requests) == 1
    farm.now += 0.1
    farm.calls.start(CALL)
    farm.events()
    assert len(farm.server.requests) == 2, "the probe"


def test_a_ban_that_the_networks_figures_met_keeps_every_other_call_back() -> None:
    farm = Farm(Server(BLOCKED))
    farm.calls.ask_network()
    farm.calls.ask_terms()
    farm.calls.stop_sessions([AbandonedSession(miner_id="b", session_id="s1")])
    farm.calls.start(CALL)
    network, terms, stopped, reply = farm.events()
    assert farm.server.requests == ["gas"]
    assert network == Network(gas=None, phase=None)
    assert isinstance(terms, TermsStated)
    assert terms.terms is None
    assert isinstance(stopped, AbandonedSessionStopped)
    assert stopped.outcome is BLOCKED
    assert isinstance(reply, Reply)
    assert reply.outcome is BLOCKED, "which tells the loop of the ban"


def test_a_ban_in_the_middle_of_the_figures_ends_them() -> None:
    farm = Farm(Server(BLOCKED, at=2))
    farm.calls.ask_network()
    farm.calls.ask_network()
    farm.events()
    assert farm.server.requests == ["gas", "network"]


def test_another_failure_keeps_nothing_back() -> None:
    farm = Farm(Server(ServerFault(500, "no")))
    for _ in range(3):
        farm.calls.start(CALL)
    farm.events()
    assert len(farm.server.requests) == 3


def test_a_call_that_was_under_way_does_not_prolong_the_wait() -> None:
    gate = BanGate()
    gate.ended(BLOCKED, 9.0, 10.0)
    gate.ended(BLOCKED, 9.9, 10.5)
    assert gate.refusal(309.9) == (BLOCKED, 9.0)
    assert gate.refusal(310.0) is None


def test_a_refused_probe_shuts_the_gate_again() -> None:
    gate = BanGate()
    gate.ended(BLOCKED, 9.0, 10.0)
    gate.ended(DISTRUST, 311.0, 311.2)
    assert gate.refusal(312.0) == (DISTRUST, 311.0)
