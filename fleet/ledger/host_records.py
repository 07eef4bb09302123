"""The records of worker hosts in the ledger: how many of their results agreed with others, and how many were wrong.

Each write is one transaction, so that a coordinator that is killed leaves all of it or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Column, Connection, Engine, Integer, String, Table, Text, delete, insert, select

from fleet.audit.host_record import KeptRecord
from fleet.domain.wall_clock import wall_ms
from fleet.ledger.schema import Moment, metadata
from fleet.ledger.storage.trouble import reading, translated

#: most hosts of a farm whose records are kept: a worker states its own name, and may invent names without end
MOST_HOSTS = 256

host_records = Table(
    "host_records",
    metadata,
    #: as in the table `controls`
    Column("farm", String, primary_key=True),
    Column("host", String, primary_key=True),
    #: what shows the host's key without telling it, and what decides on the last bits of its results, as JSON
    Column("key", String, nullable=False),
    Column("kind", Text, nullable=False),
    #: results that another host's agreed with, and results that were wrong
    Column("agreed", Integer, nullable=False),
    Column("wrong", Integer, nullable=False),
    #: results that agreed since the last wrong one, and those of them that the host gave first
    Column("in_a_row", Integer, nullable=False),
    Column("first_in_a_row", Integer, nullable=False),
    Column("written_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)


class HostRecordBook:
    """The records of one farm's hosts. Every method raises LedgerError where the ledger can't be used."""

    def __init__(self, engine: Engine, farm: str, now_ms: Callable[[], int] = wall_ms) -> None:
        """`farm` is the key of the farm's controls."""
        self._engine, self._farm, self._now_ms = engine, farm, now_ms

    def load(self) -> tuple[KeptRecord, ...]:
        """The records, those that were written last first; not more than are kept."""
        rows = select(host_records).where(host_records.c.farm == self._farm)
        newest = rows.order_by(host_records.c.written_at.desc(), host_records.c.host).limit(MOST_HOSTS)
        with reading(self._engine) as connection:
            return tuple(
                KeptRecord(
                    host=row.host,
                    key=row.key,
                    kind=tuple(json.loads(row.kind)),
                    agreed=row.agreed,
                    wrong=row.wrong,
                    in_a_row=row.in_a_row,
                    first_in_a_row=row.first_in_a_row,
                )
                for row in connection.execute(newest)
            )

    def write(self, records: Collection[KeptRecord]) -> None:
        """Write these records in place of the same hosts' earlier ones, and drop the oldest ones beyond the most."""
        at = self._now_ms()
        mine = host_records.c.farm == self._farm
        rows = [
            {
                "farm": self._farm,
                "host": one.host,
                "key": one.key,
                "kind": json.dumps(one.kind),
                "agreed": one.agreed,
                "wrong": one.wrong,
                "in_a_row": one.in_a_row,
                "first_in_a_row": one.first_in_a_row,
                "written_at": at,
            }
            for one in records
        ]
        older = select(host_records.c.host).where(mine).order_by(host_records.c.written_at.desc(), host_records.c.host)
        with translated("the ledger can't be written"), self._engine.begin() as connection:
            self._delete(connection, [one.host for one in records])
            connection.execute(insert(host_records), rows)
            self._delete(connection, [row.host for row in connection.execute(older.offset(MOST_HOSTS))])

    def _delete(self, connection: Connection, hosts: Sequence[str]) -> None:
        mine = host_records.c.farm == self._farm
        connection.execute(delete(host_records).where(mine, host_records.c.host.in_(hosts)))
