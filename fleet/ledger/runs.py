"""A server's counters and sums at the start of a run, and their growth since."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.jobs import FINAL
from fleet.ledger import schema
from fleet.ledger.jobs import ASSIGNED
from fleet.ledger.statements import key_conditions, select_by_key
from fleet.money.scopes import Scope, Standing

_Rows = Callable[..., list[Any]]
_FINAL_STATES = sorted(state.value for state in FINAL)


class Runs:
    """Reads the figures of one server's runs; `rows` runs a query in one of the ledger's transactions."""

    def __init__(self, server: int, rows: _Rows) -> None:
        self._server = server
        self._rows = rows

    def beginning(self) -> dict[str, Any]:
        """The current counters and sums as a row of `runs`. Jobs that are open belong to the new run."""
        counters = Counter(self._counters())
        counters[ASSIGNED] -= self.open_count()
        sums = {kind: str(amount) for kind, amount in self._sums().items()}
        return {"counters": json.dumps(counters), "server": self._server, "sums": json.dumps(sums)}

    def row(self, run_id: str) -> Any | None:
        """The row of a run; None where it has not begun."""
        found = self._rows(_RUN, {"key_run_id": run_id})
        return found[0] if found else None

    def counts(self, run_id: str) -> dict[str, int]:
        """Numbers of a run's jobs: `assigned` (with those already open at its start), each final state, and `open`."""
        row = self.row(run_id)
        counts = Counter(self._counters())
        counts.subtract(json.loads(row.counters) if row else {})
        return {name: counts[name] for name in (ASSIGNED, *_FINAL_STATES)} | {"open": self.open_count()}

    def run_and_ledger(self, run_id: str) -> tuple[Scope, Scope]:
        """Jobs and sums of the run, and of the whole ledger at this server."""
        row, sums = self.row(run_id), self._sums()
        before: Mapping[str, str] = json.loads(row.sums or "{}") if row else {}
        ever = {name: self._counters().get(name, 0) for name in (ASSIGNED, *_FINAL_STATES)}
        of_run = Scope(
            since_ms=row.started_at if row else None,
            jobs=self.counts(run_id),
            sums={kind: amount - Decimal(before.get(kind, 0)) for kind, amount in sums.items()},
        )
        return of_run, Scope(since_ms=self._first_ms(), jobs=ever | {"open": self.open_count()}, sums=sums)

    def since_base(self, miner_ids: Sequence[str]) -> Scope:
        """Paid jobs and sums of these miners since their bases. Reads every entry since then."""
        standings = self.standings()
        bases = [base for base in (standings[one].base_ms for one in miner_ids if one in standings) if base is not None]
        jobs = {"paid": self._paid_since_base(miner_ids)}
        return Scope(since_ms=min(bases, default=None), jobs=jobs, sums=self.kind_sums(miner_ids))

    def standings(self) -> dict[str, Standing]:
        """The time of the server's last answer for each miner id."""
        return {
            row.miner_id: Standing(base_ms=row.base_at, stated_ms=row.stated_at)
            for row in self._rows(_STANDINGS, {"key_server": self._server})
        }

    def kind_sums(self, miner_ids: Sequence[str]) -> dict[str, Decimal]:
        """NNET booked for these miners since their base, by kind of entry."""
        wanted, sums = set(miner_ids), dict[str, Decimal]()
        for row in self._rows(_SINCE_BASE, {"key_server": self._server}):
            if row.miner_id in wanted and row.kind != EntryKind.CONFIRMATION.value:
                sums[row.kind] = sums.get(row.kind, ZERO) + Decimal(row.amount)
        return sums

    def open_count(self) -> int:
        """The number of open jobs at this server."""
        return int(self._rows(_OPEN_COUNT, {"key_server": self._server})[0].n)

    def _paid_since_base(self, miner_ids: Sequence[str]) -> int:
        wanted = set(miner_ids)
        rows = self._rows(_PAID_SINCE_BASE, {"key_server": self._server})
        return sum(row.n for row in rows if row.miner_id in wanted)

    def _first_ms(self) -> int | None:
        """When the first run began, or the first entry was booked before it, in UTC milliseconds; None if none was."""
        rows = self._rows(_FIRST, {"key_server": self._server})
        if not rows:
            return None
        began = self._rows(_FIRST_RUN, {"key_server": self._server})[0].began
        return int(rows[0].booked_at) if began is None else min(int(rows[0].booked_at), int(began))

    def _sums(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for row in self._rows(_SUMS, {"key_server": self._server}):
            sums[row.kind] = sums.get(row.kind, ZERO) + Decimal(row.amount)
        return sums

    def _counters(self) -> dict[str, int]:
        rows = self._rows(_COUNTERS, {"key_server": self._server})
        return {row.name: row.value for row in rows}


_entries, _miners, _jobs, _sums = schema.entries.c, schema.miners.c, schema.jobs.c, schema.sums.c
_OPEN_COUNT = select(func.count().label("n")).where(
    *key_conditions(schema.jobs, ("server",)), _jobs.finished_at.is_(None)
)
_COUNTERS = select_by_key(schema.counters, ("server",), ("name", "value"))
_RUN = select_by_key(schema.runs, ("run_id",))
_STANDINGS = select_by_key(schema.miners, ("server",), ("miner_id", "base_at", "stated_at"))
_FIRST = select_by_key(schema.entries, ("server",), ("booked_at",)).where(_entries.seq == 1)
_FIRST_RUN = select(func.min(schema.runs.c.started_at).label("began")).where(*key_conditions(schema.runs, ("server",)))
_SUMS = (
    select(_sums.kind, _sums.amount)
    .join(schema.miners, _miners.id == _sums.miner)
    .where(*key_conditions(schema.miners, ("server",)))
)
_AFTER_BASE = (*key_conditions(schema.miners, ("server",)), _entries.id > func.coalesce(_miners.base_entry, 0))
_SINCE_BASE = (
    select(_miners.miner_id, _entries.kind, _entries.amount)
    .join(schema.miners, _miners.id == _entries.miner)
    .where(*_AFTER_BASE)
)
_PAID_SINCE_BASE = (
    select(_miners.miner_id, func.count().label("n"))
    .join_from(schema.entries, schema.miners, _miners.id == _entries.miner)
    .where(*_AFTER_BASE, _entries.kind == EntryKind.JOB.value)
    .group_by(_miners.miner_id)
)
