"""Rows of the ledger, written inside a transaction that the ledger holds."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Update

from fleet import schema
from fleet.effects import (
    BaseSet,
    Booked,
    Confirmed,
    JobMoved,
    JobOpened,
    SessionBeat,
    SessionClosed,
    SessionOpened,
    Write,
)
from fleet.models import FINAL, ZERO, Entry, JobState

HOUR_MS = 3_600_000
#: the counter of jobs ever assigned; the others are named by final states
ASSIGNED = "assigned"

#: miner row, kind, job type, hour
_SumKey = tuple[int, str, str, int]
#: rows of one kind go together; this order keeps each row after those it refers to
_ORDER = (SessionOpened, JobOpened, JobMoved, Booked, Confirmed, SessionBeat, SessionClosed, BaseSet)


class Writer:
    """Writes a turn's rows for one server. The caller begins and commits."""

    def __init__(self, connection: Connection, server: int) -> None:
        self._connection = connection
        self._server = server
        self._miners: dict[str, int] = {}
        self._move_open, self._move_final = _move_job(final=False), _move_job(final=True)
        upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        self._upsert_sums, self._upsert_counters = _put_sums(upsert), _add_counters(upsert)
        #: what the current hour's rows hold, so that adding to them needs no reading
        self._sums: dict[_SumKey, tuple[int, int, Decimal]] = {}
        self._hour = 0

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
        steps: dict[type, Callable[[list[Any], int], None]] = {
            SessionOpened: self._open_sessions,
            JobOpened: self._open_jobs,
            JobMoved: self._move_jobs,
            Booked: self._book,
            Confirmed: self._confirm,
            SessionBeat: self._beat,
            SessionClosed: self._close_sessions,
            BaseSet: self._set_bases,
        }
        for kind in _ORDER:
            if kind in kinds:
                steps[kind](kinds[kind], now_ms)

    def miner(self, miner_id: str) -> int:
        """Row of a miner, made when it is new."""
        if miner_id not in self._miners:
            key = {"server": self._server, "miner_id": miner_id}
            self._miners[miner_id] = row_id(self._connection, schema.miners, key)
        return self._miners[miner_id]

    def _open_jobs(self, writes: Sequence[JobOpened], now_ms: int) -> None:
        rows = [self._job_row(write, now_ms) for write in writes if not write.reopened]
        if rows:
            self._connection.execute(insert(schema.jobs), rows)
            self._count({ASSIGNED: len(rows)})
        for write in writes:
            if write.reopened:
                self._reopen(write, now_ms)

    def _job_row(self, write: JobOpened, now_ms: int) -> dict[str, Any]:
        job = write.job
        return {
            "server": self._server,
            "job_id": job.job_id,
            "miner": self.miner(write.miner_id),
            "session_id": write.session_id,
            "job_type": job.job_type,
            "road": job.road.value,
            "state": write.state.value,
            "attempt": write.attempt,
            "reward": str(job.reward),
            "timeout_s": job.timeout_s,
            "data": _json(job.data),
            "assigned_at": now_ms,
        }

    def _reopen(self, write: JobOpened, now_ms: int) -> None:
        """The server insists on a job that was over here: it leaves its final state's count."""
        where = (schema.jobs.c.server == self._server) & (schema.jobs.c.job_id == write.job.job_id)
        prior = self._connection.execute(select(schema.jobs.c.state).where(where)).scalar_one()
        row = self._job_row(write, now_ms)
        del row["server"], row["job_id"], row["assigned_at"]
        self._connection.execute(update(schema.jobs).where(where).values(**row, finished_at=None, result=None))
        if JobState(prior) in FINAL:
            self._count({prior: -1})

    def _move_jobs(self, writes: Sequence[JobMoved], now_ms: int) -> None:
        last = {write.job_id: write for write in writes}
        for final, statement in ((False, self._move_open), (True, self._move_final)):
            moves = [write for write in writes if (last[write.job_id].state in FINAL) is final]
            rows = [self._moved_row(write, now_ms if final else None) for write in moves]
            if rows:
                self._connection.execute(statement, rows)
        self._count(Counter(write.state.value for write in last.values() if write.state in FINAL))

    def _moved_row(self, write: JobMoved, finished_at: int | None) -> dict[str, Any]:
        row = {
            "key_server": self._server,
            "key_job": write.job_id,
            "new_state": write.state.value,
            "new_attempt": write.attempt,
            "new_strikes": write.strikes,
            "new_sends": write.sends,
            "new_mended": write.mended,
            "new_worker": write.worker,
            "new_kernel": write.kernel_version,
            "new_ms": write.compute_ms,
            "new_cause": write.cause,
        }
        if finished_at is None:
            return row | {"new_result": None if write.result is None else _json(write.result)}
        return row | {"new_finished": finished_at}

    def _book(self, writes: Sequence[Booked], now_ms: int) -> None:
        booked = [write.entry for write in writes]
        rows = [
            {
                "miner": self.miner(entry.miner_id),
                "server": self._server,
                "kind": entry.kind.value,
                "job_id": entry.job_id,
                "job_type": entry.job_type,
                "session_id": entry.session_id,
                "amount": str(entry.amount),
                "confirmed": entry.confirmed,
                "evidence": entry.evidence,
                "booked_at": now_ms,
            }
            for entry in booked
        ]
        self._connection.execute(insert(schema.entries), rows)
        self._add_sums(booked, now_ms // HOUR_MS)

    def _add_sums(self, booked: Sequence[Entry], hour: int) -> None:
        added: dict[_SumKey, list[Entry]] = defaultdict(list)
        for entry in booked:
            added[self.miner(entry.miner_id), entry.kind.value, entry.job_type, hour].append(entry)
        rows = []
        for key, group in added.items():
            payments, unconfirmed, amount = self._sum(key)
            payments += len(group)
            unconfirmed += sum(not entry.confirmed for entry in group)
            amount = sum((entry.amount for entry in group), amount)
            self._sums[key] = (payments, unconfirmed, amount)
            values = {"payments": payments, "unconfirmed": unconfirmed, "amount": str(amount)}
            rows.append(dict(zip(("miner", "kind", "job_type", "hour"), key, strict=True)) | values)
        self._connection.execute(self._upsert_sums, rows)
        if hour != self._hour:
            # the sums of hours that are over change no more
            self._hour = hour
            self._sums = {key: value for key, value in self._sums.items() if key[3] >= hour}

    def _sum(self, key: _SumKey) -> tuple[int, int, Decimal]:
        if key not in self._sums:
            columns = dict(zip(("miner", "kind", "job_type", "hour"), key, strict=True))
            where = [schema.sums.c[name] == value for name, value in columns.items()]
            row = self._connection.execute(select(schema.sums).where(*where)).first()
            self._sums[key] = (row.payments, row.unconfirmed, Decimal(row.amount)) if row else (0, 0, ZERO)
        return self._sums[key]

    def _confirm(self, writes: Sequence[Confirmed], _now_ms: int) -> None:
        entries, sums = schema.entries, schema.sums
        for write in writes:
            where = (entries.c.server == self._server) & entries.c.job_id.in_(write.job_ids)
            rows = self._connection.execute(select(entries).where(where, entries.c.confirmed.is_(False))).all()
            self._connection.execute(
                update(entries).where(where).values(confirmed=True, evidence="the session's sum counts it")
            )
            for row in rows:
                self._sums.pop((row.miner, row.kind, row.job_type, row.booked_at // HOUR_MS), None)
                self._connection.execute(
                    update(sums)
                    .where(
                        sums.c.miner == row.miner,
                        sums.c.kind == row.kind,
                        sums.c.job_type == row.job_type,
                        sums.c.hour == row.booked_at // HOUR_MS,
                    )
                    .values(unconfirmed=sums.c.unconfirmed - 1)
                )

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
            values = {"beat_at": now_ms, "beat_entry": last, "offset_nnet": _optional(write.offset)}
            self._connection.execute(self._session(write).values(**values))

    def _close_sessions(self, writes: Sequence[SessionClosed], now_ms: int) -> None:
        for write in writes:
            self._connection.execute(self._session(write).values(closed_at=now_ms, cause=write.cause))

    def _session(self, write: SessionBeat | SessionClosed) -> Update:
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
                )
            )

    def _count(self, changes: Mapping[str, int]) -> None:
        rows = [{"server": self._server, "name": name, "value": change} for name, change in changes.items()]
        if rows:
            self._connection.execute(self._upsert_counters, rows)

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


def _put_sums(upsert: Callable[..., Any]) -> Any:
    """The row of a sum as it is now, whether it was there or not."""
    table = schema.sums
    statement = upsert(table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: statement.excluded[name] for name in ("payments", "unconfirmed", "amount")},
    )


def _add_counters(upsert: Callable[..., Any]) -> Any:
    """A counter goes up by a row's value, whether it was there or not."""
    table = schema.counters
    statement = upsert(table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={"value": table.c.value + statement.excluded["value"]}
    )


def _move_job(*, final: bool) -> Update:
    """A job's next state; a final one gives up its data and result, which nobody reads again."""
    table = schema.jobs
    kept: dict[str, Any] = {
        "worker": func.coalesce(bindparam("new_worker"), table.c.worker),
        "kernel_version": func.coalesce(bindparam("new_kernel"), table.c.kernel_version),
        "compute_ms": func.coalesce(bindparam("new_ms"), table.c.compute_ms),
        "cause": func.coalesce(bindparam("new_cause"), table.c.cause),
    }
    content: dict[str, Any] = (
        {"finished_at": bindparam("new_finished"), "data": None, "result": None}
        if final
        else {"result": bindparam("new_result")}
    )
    return (
        update(table)
        .where(table.c.server == bindparam("key_server"), table.c.job_id == bindparam("key_job"))
        .values(
            state=bindparam("new_state"),
            attempt=bindparam("new_attempt"),
            strikes=bindparam("new_strikes"),
            sends=bindparam("new_sends"),
            mended=bindparam("new_mended"),
            **kept,
            **content,
        )
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), separators=(",", ":"))


def _optional(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
