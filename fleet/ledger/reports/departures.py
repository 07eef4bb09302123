"""Money that left wallets, as it was found."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Difference
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace

_FOUND = """
    SELECT servers.name, miners.name, findings.amount, findings.found_at
    FROM findings JOIN miners ON miners.id = findings.miner JOIN servers ON servers.id = miners.server
    WHERE findings.kind = '{kind}' AND findings.found_at >= {since}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """NNET that left the wallet of a miner."""

    miner: str
    amount: Decimal
    #: UTC milliseconds since 1970
    at_ms: int


def departures(place: LedgerPlace, server: str, since_ms: int) -> list[Departure]:
    """What left the wallets at a server since a moment. Raises LedgerError when the ledger can't be read."""
    rows = fetch_all(place, _FOUND.format(kind=Difference.SENT.value, since=since_ms))
    return [
        Departure(miner=miner, amount=ZERO - Decimal(amount), at_ms=at_ms)
        for name, miner, amount, at_ms in rows
        if name == server
    ]
