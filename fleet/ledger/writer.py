"""Writes the coordinator's rows to the ledger, within its open transaction.

One file: each kind of row has one method here, in the order in which a turn writes them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, insert, select

from config.hiding import shortened_id
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import HOUR_MS
from fleet.domain.effects import (
    AllConfirmed,
    BalanceSeen,
    BaseSet,
    Booked,
    Confirmed,
    Found,
    HabitSeen,
    JobMoved,
    JobOpened,
    JobRecovered,
    RecordDated,
    SessionBeat,
    SessionClosed,
    SessionOpened,
    TotalsSeen,
    Write,
)
from fleet.domain.session_effects import OffsetSet, SessionDenied, SessionRequested
from fleet.ledger import schema
from fleet.ledger.cross_checks import FINDINGS, FINDINGS_SEAL, findings_seal
from fleet.ledger.entries import Entries
from fleet.ledger.jobs import Jobs
from fleet.ledger.kept import KEPT
from fleet.ledger.kept_work import NOTHING_KEPT, Keeping, KeptWork
from fleet.ledger.new_rows import last_entry, row_id
from fleet.ledger.proof.seals import change, sealed
from fleet.ledger.sessions import Sessions
from fleet.ledger.statements import insert_into, select_by_key, upsert

_Kept = TypeVar("_Kept")


class Writer:
    """Writes the rows of one turn for one server. The caller begins and commits."""

    def __init__(self, connection: Connection, server: int, keeping: Keeping = NOTHING_KEPT) -> None:
        self.connection = self._connection = connection
        self._server = server
        self._miners: dict[str, int] = {}
        self._sessions = Sessions(connection, self.miner)
        self._jobs = Jobs(connection, server, self.miner)
        self._kept_work = KeptWork(connection, server, keeping)
        self._entries = Entries(connection, server, self.miner)
        #: rows are written kind by kind; this order writes each row after those it refers to
        self._steps: dict[type, Callable[[list[Any], int], None]] = {
            SessionOpened: self._sessions.open,
            SessionDenied: self._sessions.deny,
            SessionRequested: self._sessions.request,
            JobOpened: self._jobs.open,
            JobMoved: self._move_jobs,
            JobRecovered: self._jobs.recover,
            Booked: self._entries.book,
            Confirmed: self._entries.confirm,
            AllConfirmed: self._entries.confirm_all,
            Found: self._find,
            SessionBeat: self._sessions.beat,
            SessionClosed: self._sessions.close,
            OffsetSet: self._sessions.set_offsets,
            BaseSet: self._set_bases,
            RecordDated: self._date_records,
            TotalsSeen: self._see_totals,
            BalanceSeen: self._see_balances,
            HabitSeen: self._see_habits,
            **{kind: self._keep(keep) for kind, keep in KEPT.items()},
        }

    def write(self, writes: Sequence[Write], now_ms: int) -> None:
        """Write all rows, stamped with `now_ms`, UTC milliseconds since 1970. After an error, make a new writer."""
        part: list[Write] = []
        for write in writes:
            if isinstance(write, JobOpened) and write.reopened:
                # comes after the row that ended the same job in this turn
                self._write_part(part, now_ms)
                part = []
            part.append(write)
        self._write_part(part, now_ms)

    def _write_part(self, part: Sequence[Write], now_ms: int) -> None:
        kinds: dict[type, list[Any]] = defaultdict(list)
        for write in part:
            kinds[type(write)].append(write)
        for kind, step in self._steps.items():
            if kind in kinds:
                step(kinds[kind], now_ms)

    def miner(self, miner_id: str) -> int:
        """The row of a miner, created when it is new."""
        if miner_id not in self._miners:
            key = {"server": self._server, "miner_id": miner_id}
            self._miners[miner_id] = row_id(self._connection, schema.miners, key, {"name": shortened_id(miner_id)})
        return self._miners[miner_id]

    def _move_jobs(self, writes: Sequence[JobMoved], now_ms: int) -> None:
        self._jobs.move(writes, now_ms)
        submitted = [write.submitted for write in writes if write.submitted is not None]
        if submitted:
            self._kept_work.add(submitted, now_ms)

    def _set_bases(self, writes: Sequence[BaseSet], now_ms: int) -> None:
        last = last_entry(self._connection)
        rows = [
            {
                "key_id": self.miner(write.miner_id),
                "base_total": str(write.total),
                "base_booked": str(write.booked),
                "base_at": now_ms,
                "base_entry": last,
                "base_jobs": write.jobs,
                "base_registered_at": write.registered_at,
                "stated_total": str(write.total),
                "stated_at": now_ms,
                "stated_booked": str(ZERO),
            }
            for write in writes
        ]
        self._set_miners(rows)

    def _date_records(self, writes: Sequence[RecordDated], _now_ms: int) -> None:
        rows = [{"key_id": self.miner(write.miner_id), "base_registered_at": write.registered_at} for write in writes]
        self._set_miners(rows)

    def _see_totals(self, writes: Sequence[TotalsSeen], now_ms: int) -> None:
        """Record the result of asking for totals. Where none was stated, the last stated total and its time remain."""
        asked = [
            {"key_id": self.miner(write.miner_id), "asked_at": now_ms, "verdict": write.verdict} for write in writes
        ]
        self._set_miners(asked)
        stated = [
            {
                "key_id": self.miner(write.miner_id),
                "stated_total": str(write.total),
                "stated_at": now_ms,
                "stated_booked": str(write.booked),
            }
            for write in writes
            if write.total is not None
        ]
        if stated:
            self._set_miners(stated)

    def _see_balances(self, writes: Sequence[BalanceSeen], now_ms: int) -> None:
        """Record what each wallet holds, and in its history what it held last in this hour."""
        wallets = {self.miner(write.miner_id): write.wallet for write in writes}
        rows = [
            {
                "key_id": miner,
                "balance": str(wallet.balance),
                "balance_at": now_ms,
                "balance_total": _optional(wallet.total),
                "balance_booked": str(wallet.booked),
            }
            for miner, wallet in wallets.items()
        ]
        self._set_miners(rows)
        hours = [
            {"miner": miner, "hour": now_ms // HOUR_MS, "stated_at": now_ms, "balance": str(wallet.balance)}
            for miner, wallet in wallets.items()
        ]
        put = upsert(self._connection.dialect.name, schema.balances)
        self._connection.execute(put, [sealed(schema.balances, row) for row in hours])

    def _see_habits(self, writes: Sequence[HabitSeen], now_ms: int) -> None:
        names = {write.habit.value for write in writes}
        rows = [sealed(schema.habits, {"server": self._server, "name": name, "seen_at": now_ms}) for name in names]
        statement = insert_into(self._connection.dialect.name, schema.habits)
        self._connection.execute(statement.on_conflict_do_nothing(), rows)

    def _keep(self, keep: Callable[[Connection, int, _Kept, int], None]) -> Callable[[list[_Kept], int], None]:
        """A step that hands the newest write of its kind to `keep`."""
        return lambda writes, now_ms: keep(self._connection, self._server, writes[-1], now_ms)

    def _find(self, writes: Sequence[Found], now_ms: int) -> None:
        rows = [
            {
                "miner": self.miner(write.miner_id),
                "found_at": now_ms,
                "kind": write.finding.kind.value,
                "amount": str(write.finding.amount),
                "evidence": write.finding.evidence,
                "job_ids": json.dumps(write.finding.job_ids),
            }
            for write in writes
        ]
        self._seal(rows)
        self._connection.execute(insert(schema.findings), rows)
        more: Counter[int] = Counter()
        for write in writes:
            more[self.miner(write.miner_id)] += write.extra_jobs
        self._count_jobs(+more)

    def _count_jobs(self, more: Mapping[int, int]) -> None:
        """Add jobs to those that the server had counted at the bases of miners, given by their rows."""
        if more:
            known = self._connection.execute(_BASE_JOBS, {"key_id": list(more)})
            rows = [
                {"key_id": row.id, "base_jobs": row.base_jobs + more[row.id]}
                for row in known
                if row.base_jobs is not None
            ]
            self._set_miners(rows)

    def _seal(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add new findings to their count and checksum, so that a changed one shows. Deleted ones stay deleted."""
        kept = {row.name: row.value for row in self._connection.execute(_COUNTERS, {"key_server": self._server})}
        if not {FINDINGS, FINDINGS_SEAL} <= kept.keys():
            return
        count, seal = kept[FINDINGS], kept[FINDINGS_SEAL]
        for row in rows:
            count, seal = count + 1, findings_seal(seal, row)
        put = upsert(self._connection.dialect.name, schema.counters)
        values = {FINDINGS: count, FINDINGS_SEAL: seal}
        each = [{"server": self._server, "name": name, "value": value} for name, value in values.items()]
        self._connection.execute(put, each)

    def _set_miners(self, rows: Sequence[Mapping[str, Any]]) -> None:
        change(self._connection, schema.miners, ("id",), rows)


#: compiled once, like all statements that run for every job: compiling costs more than running
_COUNTERS = select_by_key(schema.counters, ("server",), ("name", "value"))
_BASE_JOBS = select(schema.miners.c.id, schema.miners.c.base_jobs).where(
    schema.miners.c.id.in_(bindparam("key_id", expanding=True))
)


def _optional(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
