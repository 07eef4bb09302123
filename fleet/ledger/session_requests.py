"""Sessions that were requested and whose outcome is not recorded, so that the server may have opened them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Connection, ForeignKey, Table, delete, select

from fleet.ledger import schema
from fleet.ledger.statements import KEY, insert_into, key_conditions, read_all, run

#: a row for each miner whose last request has no recorded outcome
session_requests = Table(
    "session_requests",
    schema.metadata,
    Column("miner", ForeignKey("miners.id"), primary_key=True, autoincrement=False),
    Column("requested_at", schema.Moment, nullable=False),
    sqlite_with_rowid=False,
)


def record_requests(connection: Connection, miners: Sequence[int], now_ms: int) -> None:
    """Record that sessions are requested for these miners, given by their rows."""
    statement = insert_into(connection.dialect.name, session_requests).on_conflict_do_nothing()
    connection.execute(statement, [{"miner": miner, "requested_at": now_ms} for miner in miners])


def settle_requests(connection: Connection, miners: Sequence[int]) -> None:
    """Record that the outcome of these miners' requests is known."""
    run(connection, _SETTLE, [{f"{KEY}miner": miner} for miner in miners])


def requested(connection: Connection, server: int) -> frozenset[int]:
    """The rows of a server's miners whose last request has no recorded outcome."""
    return frozenset(row.miner for row in read_all(connection, _OF_SERVER, {f"{KEY}server": server}))


_SETTLE = delete(session_requests).where(*key_conditions(session_requests, ("miner",)))
_OF_SERVER = (
    select(session_requests.c.miner)
    .join(schema.miners, schema.miners.c.id == session_requests.c.miner)
    .where(*key_conditions(schema.miners, ("server",)))
)
