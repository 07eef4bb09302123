"""One server's part of the loop, among others that are not done yet."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

from fleet.coordinator.ledger_trouble import LedgerTrouble
from fleet.coordinator.observers import Observers
from fleet.coordinator.server_loop import ServerLoop
from tests.unit.fleet.coordinator.test_failover import bans, farm


class Books:
    """Writes at once."""

    waits_s, reason = 0.0, ""

    def write(self, writes: object) -> bool:
        """Written."""
        return bool(writes) or True

    def hold(self, writes: object) -> None:
        """Nothing waits."""

    def write_ended(self) -> bool:
        """Nothing is under way."""
        return True

    def knows(self, job_id: str) -> bool:
        """It can be read."""
        return bool(job_id)


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
