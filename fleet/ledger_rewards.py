"""What a farm earned, grouped for reading: hundreds of exact sums, not millions of entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from fleet.ledger_read import fetch_all
from fleet.models import ZERO, EntryKind
from fleet.places import LedgerPlace


class _Sum(NamedTuple):
    """A row of what `_SUMS` selects."""

    server: str
    miner_id: str
    kind: str
    job_type: str
    hour: int
    payments: int
    unconfirmed: int
    amount: str


_SUMS = """
    SELECT servers.name, miners.miner_id, kind, job_type, hour, payments, unconfirmed, amount
    FROM sums JOIN miners ON miners.id = sums.miner JOIN servers ON servers.id = miners.server
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reward:
    """One group of payments."""

    server: str
    #: miner id, job type, hour or day
    group: str
    payments: int
    #: payments booked at the job's stated reward, of which the server's answer was lost
    unconfirmed: int
    jobs_nnet: Decimal
    heartbeats_nnet: Decimal
    adjustments_nnet: Decimal

    @property
    def total_nnet(self) -> Decimal:
        """All of the group."""
        return self.jobs_nnet + self.heartbeats_nnet + self.adjustments_nnet


#: how a row of sums is grouped
GROUPINGS: dict[str, Callable[[_Sum], str]] = {
    "miner": lambda row: row.miner_id,
    "type": lambda row: row.job_type or row.kind,
    "hour": lambda row: _utc(row.hour).strftime("%Y-%m-%dT%H:00Z"),
    "day": lambda row: _utc(row.hour).strftime("%Y-%m-%d"),
}


def rewards_by(place: LedgerPlace, grouping: str) -> list[Reward]:
    """Rewards of all servers of a ledger by `miner`, `type`, `hour` or `day` (UTC), in order of server and group.

    Raises LedgerError when the ledger can't be read.
    """
    groups: dict[tuple[str, str], list[_Sum]] = {}
    for row in map(_Sum._make, fetch_all(place, _SUMS)):
        groups.setdefault((row.server, GROUPINGS[grouping](row)), []).append(row)
    return [_reward(server, group, rows) for (server, group), rows in sorted(groups.items())]


def _reward(server: str, group: str, rows: list[_Sum]) -> Reward:
    def of(kind: EntryKind) -> Decimal:
        return sum((Decimal(row.amount) for row in rows if row.kind == kind.value), ZERO)

    return Reward(
        server=server,
        group=group,
        payments=sum(row.payments for row in rows),
        unconfirmed=sum(row.unconfirmed for row in rows),
        jobs_nnet=of(EntryKind.JOB),
        heartbeats_nnet=of(EntryKind.HEARTBEAT),
        adjustments_nnet=of(EntryKind.ADJUSTMENT),
    )


def _utc(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)
