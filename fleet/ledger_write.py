"""Rows of the ledger, written inside a transaction that the ledger holds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.sql.dml import Update

from fleet import schema
from fleet.effects import (
    AllConfirmed,
    BaseSet,
    Booked,
    Confirmed,
    Found,
    JobMoved,
    JobOpened,
    JobRecovered,
    OffsetSet,
    RecordDated,
    SessionBeat,
    SessionClosed,
    SessionOpened,
    TotalsSeen,
    Write,
)
from fleet.ledger_entries import Entries
from fleet.ledger_jobs import Jobs


class Writer:
    """Writes a turn's rows for one server. The caller begins and commits."""

    def __init__(self, connection: Connection, server: int) -> None:
        self._connection = connection
        self._server = server
        self._miners: dict[str, int] = {}
        self._jobs = Jobs(connection, server, self.miner)
        self._entries = Entries(connection, server, self.miner)
        #: rows of one kind go together; this order keeps each row after those it refers to
        self._steps: dict[type, Callable[[list[Any], int], None]] = {
            SessionOpened: self._open_sessions,
            JobOpened: self._jobs.open,
            JobMoved: self._jobs.move,
            JobRecovered: self._jobs.recover,
            Booked: self._entries.book,
            Confirmed: self._entries.confirm,
            AllConfirmed: self._entries.confirm_all,
            Found: self._find,
            SessionBeat: self._beat,
            SessionClosed: self._close_sessions,
            OffsetSet: self._set_offsets,
            BaseSet: self._set_bases,
            RecordDated: self._date_records,
            TotalsSeen: self._see_totals,
        }

    def write(self, writes: Sequence[Write], now_ms: int) -> None:
        """Write all rows, stamped with `now_ms`, UTC milliseconds since 1970. After an error, use another writer."""
        part: list[Write] = []
        for write in writes:
            if isinstance(write, JobOpened) and write.reopened:
                # it comes after whatever ended that job in this turn
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
        """Row of a miner, made when it is new."""
        if miner_id not in self._miners:
            key = {"server": self._server, "miner_id": miner_id}
            self._miners[miner_id] = row_id(self._connection, schema.miners, key)
        return self._miners[miner_id]

    def _open_sessions(self, writes: Sequence[SessionOpened], now_ms: int) -> None:
        table = schema.sessions
        for write in writes:
            key = {"miner": self.miner(write.miner_id), "session_id": write.session_id}
            values = {"opened_at": now_ms, "beat_at": now_ms, "beat_entry": self._last_entry()}
            row = row_id(self._connection, table, key, values)
            self._connection.execute(
                update(table)
                .where(table.c.id == row)
                .values(closed_at=None, cause=None, offset_nnet=_optional(write.offset))
            )

    def _beat(self, writes: Sequence[SessionBeat], now_ms: int) -> None:
        last = self._last_entry()
        for write in writes:
            values: dict[str, Any] = {"beat_at": now_ms}
            if write.counted:
                values |= {"beat_entry": last, "offset_nnet": _optional(write.offset)}
            self._connection.execute(self._session(write).values(**values))

    def _close_sessions(self, writes: Sequence[SessionClosed], now_ms: int) -> None:
        for write in writes:
            self._connection.execute(self._session(write).values(closed_at=now_ms, cause=write.cause))

    def _set_offsets(self, writes: Sequence[OffsetSet], _now_ms: int) -> None:
        for write in writes:
            self._connection.execute(self._session(write).values(offset_nnet=_optional(write.offset)))

    def _session(self, write: SessionBeat | SessionClosed | OffsetSet) -> Update:
        table = schema.sessions
        return update(table).where(table.c.miner == self.miner(write.miner_id), table.c.session_id == write.session_id)

    def _set_bases(self, writes: Sequence[BaseSet], now_ms: int) -> None:
        for write in writes:
            self._connection.execute(
                update(schema.miners)
                .where(schema.miners.c.id == self.miner(write.miner_id))
                .values(
                    base_total=str(write.total),
                    base_booked=str(write.booked),
                    base_at=now_ms,
                    base_entry=self._last_entry(),
                    base_jobs=write.jobs,
                    base_registered_at=write.registered_at,
                )
            )

    def _date_records(self, writes: Sequence[RecordDated], _now_ms: int) -> None:
        for write in writes:
            self._connection.execute(
                update(schema.miners)
                .where(schema.miners.c.id == self.miner(write.miner_id))
                .values(base_registered_at=write.registered_at)
            )

    def _see_totals(self, writes: Sequence[TotalsSeen], now_ms: int) -> None:
        for write in writes:
            self._connection.execute(
                update(schema.miners)
                .where(schema.miners.c.id == self.miner(write.miner_id))
                .values(stated_total=_optional(write.total), stated_at=now_ms, verdict=write.verdict)
            )

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
        self._connection.execute(insert(schema.findings), rows)
        for write in writes:
            if write.extra_jobs:
                table = schema.miners
                self._connection.execute(
                    update(table)
                    .where(table.c.id == self.miner(write.miner_id))
                    .values(base_jobs=table.c.base_jobs + write.extra_jobs)
                )

    def _last_entry(self) -> int:
        return int(self._connection.execute(select(func.max(schema.entries.c.id))).scalar() or 0)


def row_id(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any] | None = None
) -> int:
    """Id of the row with this key, made with `values` when there is none."""
    known = connection.execute(select(table.c.id).where(*(table.c[name] == value for name, value in key.items())))
    found = known.scalar()
    if found is None:
        found = connection.execute(insert(table).values(**key, **(values or {})).returning(table.c.id)).scalar_one()
    return int(found)


def _optional(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
