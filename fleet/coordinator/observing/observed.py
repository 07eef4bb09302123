"""The parts of a coordinator that its observers read."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass

from fleet.coordinator.farms import AnyBooks, AnyFarm, Prospects
from fleet.coordinator.observing.server_rows import Account
from fleet.ledger.storage.places import LedgerPlace
from fleet.server.prospect import Prospect


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The parts of a coordinator that the observers read."""

    farm: AnyFarm
    #: miner id → name
    names: MutableMapping[str, str]
    books: AnyBooks
    prospect: Prospect | Prospects
    #: the ledger, and the servers in it
    place: LedgerPlace
    accounts: tuple[Account, ...]
    now_ms: Callable[[], int]
    #: prints a line
    say: Callable[[str], None]

    @property
    def server(self) -> str:
        """The server's name in the ledger, or the names of several in output."""
        return ", ".join(account.name for account in self.accounts)
