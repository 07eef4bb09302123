"""What a farm earned, grouped for reading: hundreds of exact sums, not millions of entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import DatabaseError

from fleet import schema
from fleet.errors import LedgerError
from fleet.models import ZERO, EntryKind


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
GROUPINGS: dict[str, Callable[[Any], str]] = {
    "miner": lambda row: str(row.miner_id),
    "type": lambda row: str(row.job_type or row.kind),
    "hour": lambda row: _utc(row.hour).strftime("%Y-%m-%dT%H:00Z"),
    "day": lambda row: _utc(row.hour).strftime("%Y-%m-%d"),
}


def rewards_by(engine: Engine, grouping: str) -> list[Reward]:
    """Rewards of all servers of a ledger by `miner`, `type`, `hour` or `day` (UTC), in order of server and group."""
    sums, miners, servers = schema.sums, schema.miners, schema.servers
    query = (
        select(sums, miners.c.miner_id, servers.c.name)
        .join(miners, miners.c.id == sums.c.miner)
        .join(servers, servers.c.id == miners.c.server)
    )
    groups: dict[tuple[str, str], list[Any]] = {}
    try:
        with engine.connect() as connection:
            for row in connection.execute(query):
                groups.setdefault((row.name, GROUPINGS[grouping](row)), []).append(row)
    except DatabaseError as exc:
        raise LedgerError(f"the ledger can't be read: {exc.orig}") from exc
    return [_reward(server, group, rows) for (server, group), rows in sorted(groups.items())]


def _reward(server: str, group: str, rows: list[Any]) -> Reward:
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
