"""A farm's rewards by miner, tag, job type, hour or day, from hundreds of exact sums instead of millions of entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.miner_names import IdHider
from fleet.ledger.places import LedgerPlace
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.money.readable import reading_order


class _Sum(NamedTuple):
    """A row that `_SUMS` selects."""

    server: str
    miner: str
    miner_id: str
    kind: str
    job_type: str
    hour: int
    payments: int
    unconfirmed: int
    amount: str


_SUMS = """
    SELECT servers.name, miners.name, miners.miner_id, kind, job_type, hour, payments, unconfirmed, amount
    FROM sums JOIN miners ON miners.id = sums.miner JOIN servers ON servers.id = miners.server
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reward:
    """One group of payments."""

    server: str
    #: miner, its tags, job type, hour or day
    group: str
    #: the miner's id, for a grouping by miner; else ""
    miner_id: str
    payments: int
    #: payments whose answer was lost, booked at the job's stated reward
    unconfirmed: int
    jobs_nnet: Decimal
    heartbeats_nnet: Decimal
    adjustments_nnet: Decimal

    @property
    def total_nnet(self) -> Decimal:
        """The whole group's sum."""
        return self.jobs_nnet + self.heartbeats_nnet + self.adjustments_nnet


#: functions that give a row's group from the row and the miners' tags, by the grouping's name
GROUPINGS: dict[str, Callable[[_Sum, Mapping[str, str]], str]] = {
    "miner": lambda row, _: row.miner,
    "tag": lambda row, tags: tags.get(row.miner_id) or "untagged",
    "type": lambda row, _: row.job_type or row.kind,
    "hour": lambda row, _: _utc(row.hour).strftime("%Y-%m-%dT%H:00Z"),
    "day": lambda row, _: _utc(row.hour).strftime("%Y-%m-%d"),
}


def rewards_by(place: LedgerPlace, grouping: str, tags: Mapping[str, str] | None = None) -> list[Reward]:
    """Rewards at all servers by a key of `GROUPINGS`, in order of server and group; hours and days are UTC.

    Job types are the server's words, with miners' ids replaced by names.
    `tags` maps a miner's id to its tags. Raises LedgerError when the ledger can't be read.
    """
    groups: dict[tuple[str, str], list[_Sum]] = {}
    rows = list(map(_Sum._make, fetch_all(place, _SUMS)))
    hide = IdHider({row.miner_id: row.miner for row in rows})
    for row in rows:
        shown = row._replace(job_type=hide(row.job_type))
        groups.setdefault((row.server, GROUPINGS[grouping](shown, tags or {})), []).append(row)
    by_miner = grouping == "miner"
    return [
        _reward(server, group, members, members[0].miner_id if by_miner else "")
        for (server, group), members in sorted(groups.items(), key=lambda item: (item[0][0], reading_order(item[0][1])))
    ]


def _reward(server: str, group: str, rows: list[_Sum], miner_id: str) -> Reward:
    def of(kind: EntryKind) -> Decimal:
        return sum((Decimal(row.amount) for row in rows if row.kind == kind.value), ZERO)

    return Reward(
        server=server,
        group=group,
        miner_id=miner_id,
        payments=sum(row.payments for row in rows),
        unconfirmed=sum(row.unconfirmed for row in rows),
        jobs_nnet=of(EntryKind.JOB),
        heartbeats_nnet=of(EntryKind.HEARTBEAT),
        adjustments_nnet=of(EntryKind.ADJUSTMENT),
    )


def _utc(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)
