"""Sums what each worker host was paid for, hour by hour, in the transaction that books the payments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.jobs import Entry
from fleet.ledger import schema
from fleet.ledger.statements import KEY, run, select_by_key, upsert
from tasks.host.host_names import host_of

#: host, job type, hour
HostKey = tuple[str, str, int]
_COLUMNS = ("server", "host", "job_type", "hour")
_SUM = select_by_key(schema.host_sums, _COLUMNS, ("jobs", "amount"))


class HostSums:
    """Keeps the sums of one server's jobs by host, job type and hour."""

    def __init__(self, connection: Connection, server: int) -> None:
        self._connection, self._server = connection, server
        self._put = upsert(connection.dialect.name, schema.host_sums)
        #: contents of the current hour's rows, so that adding to them needs no reading
        self._known: dict[HostKey, tuple[int, Decimal]] = {}

    def add(self, booked: Sequence[Entry], hour: int) -> None:
        """Add the jobs among these entries whose host is known."""
        added: dict[HostKey, tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
        for entry in booked:
            if entry.kind is EntryKind.JOB and entry.proof.worker:
                key = (host_of(entry.proof.worker), entry.job_type, hour)
                jobs, amount = added[key]
                added[key] = (jobs + 1, amount + entry.amount)
        if not added:
            return
        self._known = {key: value for key, value in self._known.items() if key[2] == hour}
        for key, (jobs, amount) in added.items():
            before = self._before(key)
            self._known[key] = (before[0] + jobs, before[1] + amount)
        run(
            self._connection,
            self._put,
            [
                dict(zip(_COLUMNS, (self._server, *key), strict=True))
                | {"jobs": self._known[key][0], "amount": str(self._known[key][1])}
                for key in added
            ],
        )

    def _before(self, key: HostKey) -> tuple[int, Decimal]:
        if key not in self._known:
            wanted = zip(_COLUMNS, (self._server, *key), strict=True)
            found = run(self._connection, _SUM, [{f"{KEY}{name}": part for name, part in wanted}])
            jobs, amount = found[0] if found else (0, ZERO)
            self._known[key] = (jobs, Decimal(amount))
        return self._known[key]
