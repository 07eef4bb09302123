"""From version 2 to 3: a miner gets the age of its record, and the sums of open sessions are cleared."""

from __future__ import annotations

from sqlalchemy import Connection, text


def step(connection: Connection) -> None:
    """Add the age of a miner's record. Clear the sums of open sessions, which version 2 counted differently."""
    moment = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
    connection.execute(text(f"ALTER TABLE miners ADD COLUMN base_registered_at {moment}"))
    connection.execute(text("UPDATE sessions SET offset_nnet = NULL"))
