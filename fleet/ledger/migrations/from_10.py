"""From version 10 to 11: what was submitted for the newest jobs, so that they can be computed again."""

from __future__ import annotations

from sqlalchemy import Connection, text

_KEPT_WORK = """
    CREATE TABLE IF NOT EXISTS kept_work (
        server INTEGER NOT NULL REFERENCES servers (id), position {whole} NOT NULL, ended_at {whole} NOT NULL,
        jobs INTEGER NOT NULL, content {bytes} NOT NULL, PRIMARY KEY (server, position)
    )
"""
_INDEX = "CREATE INDEX IF NOT EXISTS kept_work_ended ON kept_work (server, ended_at)"


def step(connection: Connection) -> None:
    """Add the table, which is empty: older releases kept nothing of it."""
    is_sqlite = connection.dialect.name == "sqlite"
    types = {"whole": "INTEGER", "bytes": "BLOB"} if is_sqlite else {"whole": "BIGINT", "bytes": "BYTEA"}
    connection.execute(text(_KEPT_WORK.format_map(types)))
    connection.execute(text(_INDEX))
