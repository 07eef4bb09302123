"""From version 5 to 6: a miner gets a name, and the rows that no other table repeats get seals."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, inspect, text

#: the columns of each table that its seal covers, in the order in which they are hashed
_SEALED = {
    "miners": "id server miner_id name base_total base_booked base_at base_entry base_jobs base_registered_at"
    " stated_total stated_at stated_booked asked_at verdict",
    "sessions": "id miner session_id opened_at beat_at beat_entry offset_nnet closed_at cause",
    "habits": "server name seen_at",
    "runs": "run_id started_at counters server sums",
    #: while a job is open
    "jobs": "server job_id miner session_id job_type road reward timeout_s data assigned_at",
}
_KEYS = {
    "miners": ("id",),
    "sessions": ("id",),
    "habits": ("server", "name"),
    "runs": ("run_id",),
    "jobs": ("server", "job_id"),
}
_OPEN = {"jobs": " WHERE finished_at IS NULL"}
_FINDINGS = text("""
    SELECT findings.miner, found_at, kind, amount, evidence, job_ids FROM findings
    JOIN miners ON miners.id = findings.miner WHERE miners.server = :server ORDER BY findings.id
""")
_COUNTED = text("SELECT count(*) FROM counters WHERE server = :server AND name IN ('findings', 'findings seal')")
_COUNT = text("INSERT INTO counters (server, name, value) VALUES (:server, :name, :value)")


def step(connection: Connection) -> None:
    """Add the miners' names, which the next start of the coordinator fills in, and seal what has no seal yet."""
    if "name" not in _columns(connection, "miners"):
        connection.execute(text("ALTER TABLE miners ADD COLUMN name VARCHAR DEFAULT '' NOT NULL"))
    for table in _SEALED:
        if "seal" not in _columns(connection, table):
            number = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN seal {number}"))
            _seal_rows(connection, table)
    for (server,) in connection.execute(text("SELECT id FROM servers")).all():
        if not connection.execute(_COUNTED, {"server": server}).scalar():
            _seal_findings(connection, server)


def _columns(connection: Connection, table: str) -> set[str]:
    return {found["name"] for found in inspect(connection).get_columns(table)}


def _seal_rows(connection: Connection, table: str) -> None:
    names, key = _SEALED[table].split(), _KEYS[table]
    query = text(f"SELECT {', '.join(names)} FROM {table}{_OPEN.get(table, '')}")  # noqa: S608 - names from above
    where = " AND ".join(f"{name} = :{name}" for name in key)
    statement = text(f"UPDATE {table} SET seal = :seal WHERE {where}")  # noqa: S608 - names from above
    rows = connection.execute(query).mappings().all()
    values = [{name: row[name] for name in key} | {"seal": _seal([row[name] for name in names])} for row in rows]
    if values:
        connection.execute(statement, values)


def _seal(values: list[Any]) -> int:
    """The first 63 bits of SHA-256 over a line for each value; an id is text."""
    fields = "\n".join(str(_id(value) if isinstance(value, bytes) else value) for value in values)
    return int.from_bytes(hashlib.sha256(fields.encode()).digest()[:8]) >> 1


def _id(raw: bytes) -> str:
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _seal_findings(connection: Connection, server: int) -> None:
    """Seal the findings of an earlier release, which has counted none yet."""
    found, seal = connection.execute(_FINDINGS, {"server": server}).all(), 0
    for row in found:
        seal = int.from_bytes(hashlib.sha256(json.dumps([seal, *row]).encode()).digest()) >> (256 - 31)
    for name, value in (("findings", len(found)), ("findings seal", seal)):
        connection.execute(_COUNT, {"server": server, "name": name, "value": value})
