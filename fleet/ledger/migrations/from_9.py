"""From version 9 to 10: sessions that were requested and whose outcome is not recorded."""

from __future__ import annotations

from sqlalchemy import Connection, text

_SESSION_REQUESTS = """
    CREATE TABLE IF NOT EXISTS session_requests (
        miner INTEGER NOT NULL REFERENCES miners (id), requested_at {moment} NOT NULL, PRIMARY KEY (miner)
    ){rowid}
"""


def step(connection: Connection) -> None:
    """Add the table, which is empty."""
    is_sqlite = connection.dialect.name == "sqlite"
    moment, rowid = ("INTEGER", " WITHOUT ROWID") if is_sqlite else ("BIGINT", "")
    connection.execute(text(_SESSION_REQUESTS.format(moment=moment, rowid=rowid)))
