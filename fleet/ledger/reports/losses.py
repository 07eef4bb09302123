"""Rewards that a farm missed, as exact sums by cause."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Loss
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from fleet.money.readable import reading_order

_LOSSES = """
    SELECT servers.name, miners.name, miners.miner_id, loss, jobs, amount
    FROM losses JOIN miners ON miners.id = losses.miner JOIN servers ON servers.id = miners.server
    WHERE hour >= {since}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """Jobs of one miner that were not paid, for one cause."""

    server: str
    miner: str
    miner_id: str
    cause: Loss
    jobs: int
    #: NNET that the server had offered for them
    amount: Decimal


def losses(place: LedgerPlace, *, since_hour: int = 0) -> list[Lost]:
    """Losses at all servers since an hour (since 1970 UTC), in order of miner and cause.

    Raises LedgerError when the ledger can't be read.
    """
    jobs: dict[tuple[str, str, str, str], int] = defaultdict(int)
    amounts: dict[tuple[str, str, str, str], Decimal] = defaultdict(lambda: ZERO)
    for server, miner, miner_id, loss, count, amount in fetch_all(place, _LOSSES.format(since=since_hour)):
        key = (server, miner, miner_id, loss)
        jobs[key] += count
        amounts[key] += Decimal(amount)
    return [
        Lost(server=key[0], miner=key[1], miner_id=key[2], cause=Loss(key[3]), jobs=count, amount=amounts[key])
        for key, count in sorted(jobs.items(), key=lambda item: (item[0][0], reading_order(item[0][1]), item[0][2:]))
        if count
    ]
