"""From version 8 to 9: pauses and drains, and the log of their changes."""

from __future__ import annotations

from sqlalchemy import Connection, text

_SQLITE = {"moment": "INTEGER", "rowid": " WITHOUT ROWID", "serial": "INTEGER NOT NULL"}
_POSTGRESQL = {"moment": "BIGINT", "rowid": "", "serial": "SERIAL NOT NULL"}
_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS controls (
        farm VARCHAR NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL, source VARCHAR NOT NULL,
        action VARCHAR NOT NULL, since {moment} NOT NULL, until {moment}, stop_after_s FLOAT,
        who TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (farm, kind, name, source)
    ){rowid}
    """,
    """
    CREATE TABLE IF NOT EXISTS control_log (
        id {serial}, farm VARCHAR NOT NULL, at {moment} NOT NULL, change VARCHAR NOT NULL, kind VARCHAR NOT NULL,
        name VARCHAR NOT NULL, source VARCHAR NOT NULL, until {moment}, stop_after_s FLOAT,
        who TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (id)
    )
    """,
)


def step(connection: Connection) -> None:
    """Add both tables, which are empty."""
    types = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    for table in _TABLES:
        connection.execute(text(table.format(**types)))
