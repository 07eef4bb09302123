"""The parts of a coordinator that its observers read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fleet.coordinator.bookkeeper import Bookkeeper
from fleet.coordinator.scheduler import Farm
from fleet.ledger.places import LedgerPlace
from fleet.server.prospect import Prospect


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The parts of a coordinator that the observers read."""

    farm: Farm
    #: miner id → name
    names: Mapping[str, str]
    books: Bookkeeper
    prospect: Prospect
    #: the ledger, the name of the server in it, and all that it holds of that server
    place: LedgerPlace
    server: str
    booked: Decimal
    now_ms: Callable[[], int]
    #: prints a line
    say: Callable[[str], None]
