"""The interface through which the loop reports what happens; the output implements it."""

from __future__ import annotations

from typing import Protocol

from fleet.broker.refusals import BrokerRefusal
from fleet.broker.results import BrokerState
from fleet.coordinator.farms import AnyFarm
from fleet.coordinator.inbox import Network
from fleet.coordinator.pending import LedgerState
from fleet.domain.effects import Notice


class Watcher(Protocol):
    """Receives notifications of events, on the loop's thread."""

    def notice(self, notice: Notice) -> None:
        """An event of a miner."""

    def network(self, network: Network) -> None:
        """New fees and phase."""

    def broker(self, state: BrokerState | BrokerRefusal) -> None:
        """Redis refuses something, was lost or was found again."""

    def ledger(self, state: LedgerState) -> None:
        """Ledger writes are late or on time again."""

    def flaw(self, text: str) -> None:
        """A stream entry was not a result."""

    def stopping(self, reason: str, outlook: str, ends_at: float) -> None:
        """The drain begins and lasts until `ends_at` (monotonic) at most; `outlook` is a warning or empty."""

    def tick(self, farm: AnyFarm, now: float) -> None:
        """A turn has ended."""
