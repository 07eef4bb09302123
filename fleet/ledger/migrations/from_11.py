"""From version 11 to 12: the records of worker hosts, so that a restarted coordinator knows whose results agreed."""

from __future__ import annotations

from sqlalchemy import Connection, text

_HOST_RECORDS = """
    CREATE TABLE IF NOT EXISTS host_records (
        farm VARCHAR NOT NULL, host VARCHAR NOT NULL, key VARCHAR NOT NULL, kind TEXT NOT NULL,
        agreed INTEGER NOT NULL, wrong INTEGER NOT NULL, in_a_row INTEGER NOT NULL, first_in_a_row INTEGER NOT NULL,
        written_at {whole} NOT NULL, PRIMARY KEY (farm, host)
    ) {no_rowid}
"""


def step(connection: Connection) -> None:
    """Add the table, which is empty: older releases kept the records in memory."""
    is_sqlite = connection.dialect.name == "sqlite"
    words = {"whole": "INTEGER", "no_rowid": "WITHOUT ROWID"} if is_sqlite else {"whole": "BIGINT", "no_rowid": ""}
    connection.execute(text(_HOST_RECORDS.format_map(words)))
