"""The miners of a ledger: their names, ids, open sessions and payments."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Engine, func, select

from fleet.domain.amounts import ZERO, EntryKind
from fleet.ledger import schema
from fleet.ledger.reports.export import utc
from fleet.ledger.storage.trouble import reading
from fleet.money.readable import reading_order

#: of a miner's session; a miner that the ledger has no session of is not opened
OPEN, CLOSED, NOT_OPENED = "open", "closed", "not opened"
STATES = (OPEN, CLOSED, NOT_OPENED)


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerRow:
    """One miner at one server; times in ISO 8601, UTC."""

    server: str
    name: str
    miner_id: str
    #: one of `STATES`
    state: str
    #: when its open session began, and its last heartbeat; None without one
    session_since: str | None
    heartbeat_at: str | None
    jobs_paid: int
    #: NNET booked for it, of every kind
    booked: Decimal
    #: when the last payment was booked; None before the first
    paid_at: str | None


def miner_rows(engine: Engine) -> list[MinerRow]:
    """All miners of a ledger in order of server and name. Raises LedgerError when it can't be read."""
    miners, servers, sums = schema.miners, schema.servers, schema.sums
    query = select(miners.c.id, miners.c.miner_id, miners.c.name, servers.c.name.label("server_name")).join(
        servers, servers.c.id == miners.c.server
    )
    booked: dict[int, Decimal] = {}
    jobs: dict[int, int] = {}
    with reading(engine) as connection:
        for row in connection.execute(select(sums.c.miner, sums.c.kind, sums.c.payments, sums.c.amount)):
            booked[row.miner] = booked.get(row.miner, ZERO) + Decimal(row.amount)
            if row.kind == EntryKind.JOB.value:
                jobs[row.miner] = jobs.get(row.miner, 0) + row.payments
        opened = {row.miner for row in connection.execute(select(schema.sessions.c.miner).distinct())}
        sessions = {row.miner: row for row in connection.execute(_SESSIONS)}
        paid = {row.miner: row.booked_at for row in connection.execute(_LAST_PAID)}
        rows = sorted(connection.execute(query), key=lambda row: (row.server_name, reading_order(row.name)))
    return [
        MinerRow(
            server=row.server_name,
            name=row.name,
            miner_id=row.miner_id,
            state=OPEN if row.id in sessions else CLOSED if row.id in opened else NOT_OPENED,
            session_since=utc(sessions[row.id].opened_at) if row.id in sessions else None,
            heartbeat_at=utc(sessions[row.id].beat_at) if row.id in sessions else None,
            jobs_paid=jobs.get(row.id, 0),
            booked=booked.get(row.id, ZERO),
            paid_at=utc(paid[row.id]) if row.id in paid else None,
        )
        for row in rows
    ]


_SESSIONS = (
    select(schema.sessions.c.miner, schema.sessions.c.opened_at, schema.sessions.c.beat_at)
    .where(schema.sessions.c.closed_at.is_(None))
    .order_by(schema.sessions.c.id)
)
_LAST = select(func.max(schema.entries.c.id).label("id")).group_by(schema.entries.c.miner).subquery()
_LAST_PAID = select(schema.entries.c.miner, schema.entries.c.booked_at).join(_LAST, _LAST.c.id == schema.entries.c.id)
