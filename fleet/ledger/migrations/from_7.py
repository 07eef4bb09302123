"""From version 7 to 8: what each worker host was paid for, hour by hour."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from sqlalchemy import Connection, inspect, text

_HOST_SUMS = """
    CREATE TABLE host_sums (
        server INTEGER NOT NULL REFERENCES servers (id), host VARCHAR NOT NULL, job_type VARCHAR NOT NULL,
        hour INTEGER NOT NULL, jobs INTEGER NOT NULL, amount TEXT NOT NULL,
        PRIMARY KEY (server, host, job_type, hour)
    )
"""
_ENTRIES = text("""
    SELECT server, worker, job_type, booked_at, amount FROM entries
    WHERE id > :after AND id <= :last AND kind = 'job' AND worker <> ''
""")
_PUT = text("""
    INSERT INTO host_sums (server, host, job_type, hour, jobs, amount)
    VALUES (:server, :host, :job_type, :hour, :jobs, :amount)
""")
#: sums keep every digit
_EXACT = Context(prec=2000, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_HOUR_MS = 3_600_000
#: entries that are read at once
_PAGE = 50_000
#: the first digits of a container's id, which follow the name of its host
_CONTAINER = re.compile(r"-[0-9a-f]{12}$")


def step(connection: Connection) -> None:
    """Add the sums, and make those of the entries that are there."""
    if "host_sums" in inspect(connection).get_table_names():
        return
    without_rowid = " WITHOUT ROWID" if connection.dialect.name == "sqlite" else ""
    connection.execute(text(_HOST_SUMS + without_rowid))
    found: dict[tuple[int, str, str, int], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    last = connection.execute(text("SELECT max(id) FROM entries")).scalar() or 0
    for after in range(0, last, _PAGE):
        for server, worker, job_type, booked_at, amount in connection.execute(
            _ENTRIES, {"after": after, "last": after + _PAGE}
        ):
            key = (server, _host(worker), job_type, booked_at // _HOUR_MS)
            jobs, so_far = found[key]
            found[key] = (jobs + 1, _EXACT.add(so_far, Decimal(amount)))
    rows = [
        {"server": server, "host": host, "job_type": job_type, "hour": hour, "jobs": jobs, "amount": str(amount)}
        for (server, host, job_type, hour), (jobs, amount) in found.items()
    ]
    if rows:
        connection.execute(_PUT, rows)


def _host(worker: str) -> str:
    return _CONTAINER.sub("", worker.rpartition("@")[2]) or "unnamed"
