"""From version 4 to 5: the habits of servers, the time of each stated total, and the sums at the start of a run."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

_SQLITE = {"moment": "INTEGER", "rowid": " WITHOUT ROWID"}
_POSTGRESQL = {"moment": "BIGINT", "rowid": ""}
_HABITS = """
    CREATE TABLE IF NOT EXISTS habits (
        server INTEGER NOT NULL REFERENCES servers (id), name VARCHAR NOT NULL, seen_at {moment} NOT NULL,
        PRIMARY KEY (server, name)
    ){rowid}
"""
#: table, column and type of each new column
_COLUMNS = (
    ("miners", "stated_booked", "TEXT"),
    ("miners", "asked_at", "{moment}"),
    ("runs", "server", "INTEGER"),
    ("runs", "sums", "TEXT"),
)
_ROWS = (
    "UPDATE miners SET asked_at = stated_at",
    "UPDATE miners SET stated_at = NULL WHERE stated_total IS NULL",
    """
    INSERT INTO habits (server, name, seen_at)
    SELECT server, 'pays reported jobs', min(booked_at) FROM entries
    WHERE kind = 'heartbeat' AND evidence = 'rewards_earned of the session rose beyond its jobs'
    GROUP BY server
    """,
)


def step(connection: Connection) -> None:
    """Add the habits of servers, the time of each stated total, and the sums at the start of a run."""
    types = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    connection.execute(text(_HABITS.format(**types)))
    for table, column, kind in _COLUMNS:
        if column not in {found["name"] for found in inspect(connection).get_columns(table)}:
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} {kind.format(**types)}"))
    for statement in _ROWS:
        connection.execute(text(statement))
