"""From version 6 to 7: what the wallets hold, now and over time."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, inspect, text

_SQLITE = {"moment": "INTEGER", "rowid": " WITHOUT ROWID"}
_POSTGRESQL = {"moment": "BIGINT", "rowid": ""}
_BALANCES = """
    CREATE TABLE IF NOT EXISTS balances (
        miner INTEGER NOT NULL REFERENCES miners (id), hour INTEGER NOT NULL, stated_at {moment} NOT NULL,
        balance TEXT NOT NULL, seal {moment}, PRIMARY KEY (miner, hour)
    ){rowid}
"""
#: the columns of a miner that its seal covered, in the order in which they are hashed
_BEFORE = """
    id server miner_id name base_total base_booked base_at base_entry base_jobs base_registered_at stated_total
    stated_at stated_booked asked_at verdict
"""
#: name and type of each new column, which the seal covers after those
_NEW = (
    ("balance", "TEXT"),
    ("balance_at", "{moment}"),
    ("balance_total", "TEXT"),
    ("balance_booked", "TEXT"),
)
_SEAL = text("UPDATE miners SET seal = :seal WHERE id = :id")


def step(connection: Connection) -> None:
    """Add the balances, of which none is known yet, and seal the miners with them. A broken seal stays broken."""
    types = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    connection.execute(text(_BALANCES.format(**types)))
    there = {found["name"] for found in inspect(connection).get_columns("miners")}
    for name, kind in _NEW:
        if name not in there:
            connection.execute(text(f"ALTER TABLE miners ADD COLUMN {name} {kind.format(**types)}"))
    if "balance" not in there:
        _seal_again(connection)


def _seal_again(connection: Connection) -> None:
    names = _BEFORE.split()
    query = text(f"SELECT {', '.join(names)}, seal FROM miners")  # noqa: S608 - names from above
    for row in connection.execute(query).mappings().all():
        values = [row[name] for name in names]
        if row["seal"] == _seal(values):
            connection.execute(_SEAL, {"id": row["id"], "seal": _seal([*values, *(None for _ in _NEW)])})


def _seal(values: list[Any]) -> int:
    """The first 63 bits of SHA-256 over a line for each value."""
    fields = "\n".join(map(str, values))
    return int.from_bytes(hashlib.sha256(fields.encode()).digest()[:8]) >> 1
