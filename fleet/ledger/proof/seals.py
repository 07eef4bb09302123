"""Seals: a checksum in each row that no other table repeats, so that `fleet ledger verify` finds an altered one.

A seal is not a signature: whoever can write to the ledger can compute seals, and entry hashes, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from fleet.ledger import schema
from fleet.ledger.column_types import unpacked
from fleet.ledger.statements import KEY, run, select_by_key, update_by_key

#: bits of a seal: a database's integer has 64, one of them for the sign
_BITS = 63
#: number of rows read at once
_BATCH = 2000
#: columns of an open job that stay as the server stated them until it ends
_JOB = (
    "server",
    "job_id",
    "miner",
    "session_id",
    "job_type",
    "road",
    "reward",
    "timeout_s",
    "data",
    "assigned_at",
)


def _all_of(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column is not table.c.seal)


#: the columns that each table's seal covers, in the order in which they are hashed
SEALED: Mapping[Table, tuple[str, ...]] = {
    schema.miners: _all_of(schema.miners),
    schema.sessions: _all_of(schema.sessions),
    schema.habits: _all_of(schema.habits),
    schema.balances: _all_of(schema.balances),
    schema.runs: _all_of(schema.runs),
    schema.jobs: _JOB,
}


def seal(table: Table, row: Mapping[str, Any]) -> int:
    """The seal of a row, given by its columns as they are read back."""
    fields = "\n".join([str(row[name]) for name in SEALED[table]])
    return int.from_bytes(hashlib.sha256(fields.encode()).digest()[:8]) >> (64 - _BITS)


def sealed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row with its seal."""
    return row | {"seal": seal(table, row)}


def seal_new(connection: Connection, table: Table, key: tuple[str, ...], new: Sequence[Mapping[str, Any]]) -> None:
    """Seal rows that have just been inserted. Each of `new` names one by `key_<column>` for each column of `key`."""
    rows = [row for one in new for row in _read(connection, table, key, one)]
    seals = [{f"{KEY}id": row["id"], "seal": seal(table, row)} for row in rows]
    run(connection, update_by_key(table, ("id",)), seals)


def change(connection: Connection, table: Table, key: tuple[str, ...], changes: Sequence[Mapping[str, Any]]) -> None:
    """Change rows and seal them again. A row whose seal is broken keeps it, so that the damage stays visible.

    Each of `changes` names a row by `key_<column>` for each column of `key`, and the new values of other columns. Rows
    that are not there are left out.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    broken = set()
    for one in changes:
        place = tuple(one[f"{KEY}{name}"] for name in key)
        if place in rows:
            continue
        for found in _read(connection, table, key, one):
            rows[place] = found
            if found["seal"] != seal(table, found):
                broken.add(place)
    changed = {}
    for one in changes:
        place = tuple(one[f"{KEY}{name}"] for name in key)
        if place in rows:
            rows[place] |= {name: value for name, value in one.items() if not name.startswith(KEY)}
            changed[place] = rows[place]
    for place in changed.keys() - broken:
        rows[place]["seal"] = seal(table, rows[place])
    if changed:
        run(connection, update_by_key(table, ("id",)), [_by_id(row) for row in changed.values()])


def _by_id(row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{KEY}id" if name == "id" else name: value for name, value in row.items()}


def _read(connection: Connection, table: Table, key: tuple[str, ...], one: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = tuple(column.name for column in table.columns)
    rows = run(connection, select_by_key(table, key, names), [{f"{KEY}{name}": one[f"{KEY}{name}"] for name in key}])
    return [
        {name: unpacked(value) if isinstance(value, bytes) else value for name, value in zip(names, row, strict=True)}
        for row in rows
    ]


def broken_seals(connection: Connection) -> Iterator[str]:
    """A sentence for each table that has rows other than those that were sealed."""
    for table in SEALED:
        query = select(table)
        if table is schema.jobs:
            # a job that has ended has no seal: its counters, losses and entry say what became of it
            query = query.where(table.c.finished_at.is_(None))
        rows = connection.execute(query.execution_options(yield_per=_BATCH)).mappings()
        broken = sum(row["seal"] != seal(table, dict(row)) for row in rows)
        if broken:
            yield f"{table.name}: {broken} rows were changed"
