"""Rows that are created when they are first needed, each found by its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from fleet.ledger import schema
from fleet.ledger.cross_checks import FINDINGS, FINDINGS_SEAL
from fleet.ledger.proof.seals import SEALED, seal_new
from fleet.ledger.statements import run, select_by_key


def row_id(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any] | None = None
) -> int:
    """The id of the row with this key, created with `values` when there is none."""
    found = connection.execute(
        select_by_key(table, tuple(key), ("id",)), {f"key_{name}": key[name] for name in key}
    ).scalar()
    if found is None:
        found = connection.execute(insert(table).returning(table.c.id), {**key, **(values or {})}).scalar_one()
        if table in SEALED:
            seal_new(connection, table, ("id",), [{"key_id": int(found)}])
    return int(found)


def server_row(connection: Connection, name: str, values: Mapping[str, Any]) -> int:
    """The row of a server, created with `values` when it is new. A new server's findings are sealed: it has none."""
    known = connection.execute(select(schema.servers.c.id).where(schema.servers.c.name == name)).scalar()
    if known is not None:
        return int(known)
    server = row_id(connection, schema.servers, {"name": name}, values)
    rows = [{"server": server, "name": counter, "value": 0} for counter in (FINDINGS, FINDINGS_SEAL)]
    connection.execute(insert(schema.counters), rows)
    return server


def last_entry(connection: Connection) -> int:
    """The number of the last entry; 0 without any."""
    return int(run(connection, _LAST_ENTRY, [{}])[0][0] or 0)


_LAST_ENTRY = select(func.max(schema.entries.c.id))
