"""The ledger of one coordinator: what was assigned, what became of it, what was paid."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from types import TracebackType
from typing import Any

from sqlalchemy import Engine, bindparam, func, insert, select
from sqlalchemy.exc import DatabaseError

from fleet import schema
from fleet.causes import Difference, Loss
from fleet.effects import Write
from fleet.errors import LedgerError
from fleet.ghosts import Ghost
from fleet.ledger_runs import Runs
from fleet.ledger_sql import matching, reading, run
from fleet.ledger_write import Writer, row_id
from fleet.models import Account, Habit, Job, JobState, OpenJob, OpenSession, Prior, Road
from fleet.payments import ZERO, EntryKind
from fleet.scopes import Scopes, Standing


def utc_ms() -> int:
    """Now, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Ledger:
    """The accounts of one server's miners, for the one thread that writes. A failed write changes nothing."""

    def __init__(
        self, engine: Engine, server_name: str, *, simulated: bool = False, now_ms: Callable[[], int] = utc_ms
    ) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._connection = engine.connect()
        with self._connection.begin():
            self._server = row_id(self._connection, schema.servers, {"name": server_name}, {"simulated": simulated})
        self._writer = Writer(self._connection, self._server)
        self._runs = Runs(self._server, self._rows)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; nothing is pending."""
        self._connection.close()
        self._engine.dispose()

    def commit(self, writes: Sequence[Write]) -> None:
        """Write a turn's rows in one transaction.

        Raises LedgerError when the disk is full, the database is gone, or a row contradicts another: nothing is
        written then.
        """
        if not writes:
            return
        try:
            with self._connection.begin():
                self._writer.write(writes, self._now_ms())
        except DatabaseError as exc:
            # what it remembers of the rows may be of the transaction that was undone
            self._writer = Writer(self._connection, self._server)
            raise LedgerError(f"the ledger can't be written: {exc.orig}") from exc

    def find(self, job_id: str) -> Prior | None:
        """What is known of a job that a server gives."""
        with self._reading():
            found = run(self._connection, _FIND, [{"key_server": self._server, "key_job_id": job_id}])
        if not found:
            return None
        state, attempt, loss, miner_id = found[0]
        return Prior(
            state=JobState(state), attempt=attempt, miner_id=miner_id, loss=None if loss is None else Loss(loss)
        )

    def account(self, miner_id: str) -> Account:
        """All that a starting coordinator needs to know of a miner, whose row is made when it is new."""
        with self._reading():
            miner = self._writer.miner(miner_id)
            base = self._all(_MINER, {"key_id": miner})[0]
            sums = self._all(_SUMS, {"key_miner": miner})
            since = {"key_miner": miner, "entry": base.base_entry or 0, "at": base.base_at or 0}
            return Account(
                booked=sum((Decimal(row.amount) for row in sums), ZERO),
                payments=sum(row.payments for row in sums),
                base_total=None if base.base_total is None else Decimal(base.base_total),
                base_booked=Decimal(base.base_booked or 0),
                base_jobs=base.base_jobs,
                base_registered_at=base.base_registered_at,
                jobs_since_base=self._all(_JOBS_SINCE, since)[0].n,
                counts_reports=bool(
                    self._all(_HABIT, {"key_server": self._server, "key_name": Habit.PAYS_REPORTED_JOBS.value})
                ),
                claims=tuple((row.job_id or "", Decimal(row.amount)) for row in self._all(_CLAIMS_SINCE, since)),
                lost_answers=tuple((row.job_id, Decimal(row.reward)) for row in self._all(_LOST_SINCE, since)),
                unexplained=sum((abs(Decimal(row.amount)) for row in self._all(_UNKNOWN_SINCE, since)), ZERO),
                session=self._open_session(miner),
                open_jobs=self._open_jobs(miner, miner_id),
            )

    def ghosts(self, wanted: Collection[str], *, quiet_s: float = 0.0) -> list[Ghost]:
        """What is left open of miners that are not among `wanted`.

        On a database that other coordinators may use, only sessions without a heartbeat for `quiet_s` count.
        """
        sessions, miners = schema.sessions, schema.miners
        query = (
            select(miners.c.id, miners.c.miner_id, sessions.c.session_id)
            .join(miners, miners.c.id == sessions.c.miner)
            .where(miners.c.server == self._server, sessions.c.closed_at.is_(None))
        )
        if self._connection.dialect.name != "sqlite":
            query = query.where(sessions.c.beat_at <= self._now_ms() - int(quiet_s * 1000))
        with self._reading():
            return [
                Ghost(
                    miner_id=row.miner_id,
                    session_id=row.session_id,
                    open_jobs=self._open_jobs(row.id, row.miner_id),
                )
                for row in self._all(query)
                if row.miner_id not in wanted
            ]

    def quiet_s(self) -> float:
        """Seconds since a session at this server last started or sent a heartbeat; infinite when none ever did."""
        sessions, miners = schema.sessions, schema.miners
        query = select(func.max(sessions.c.beat_at)).join(miners, miners.c.id == sessions.c.miner)
        beat_at = self._rows(query.where(miners.c.server == self._server))[0][0]
        return math.inf if beat_at is None else max(0.0, (self._now_ms() - beat_at) / 1000)

    def begin_run(self, run_id: str) -> int:
        """Note where counters and sums stand when a run of the farm begins; its start in UTC milliseconds."""
        known = self._runs.row(run_id)
        if known is not None:
            return int(known.started_at)
        started_at, beginning = self._now_ms(), self._runs.beginning()
        with self._connection.begin():
            self._connection.execute(insert(schema.runs).values(run_id=run_id, started_at=started_at, **beginning))
        return started_at

    def run_counts(self, run_id: str) -> dict[str, int]:
        """Jobs of a run: those `assigned` (with those that it found open), of each final state, and `open`."""
        return self._runs.counts(run_id)

    def scopes(self, run_id: str, miner_ids: Sequence[str]) -> Scopes:
        """Jobs and sums of the run, of the whole ledger, and of these miners since their totals are compared."""
        return self._runs.scopes(run_id, miner_ids)

    def standings(self) -> dict[str, Standing]:
        """When each miner's server answered last, by miner id."""
        return self._runs.standings()

    def kind_sums(self, miner_ids: Sequence[str]) -> dict[str, Decimal]:
        """What is booked for these miners since the server's totals were first seen, by kind of entry."""
        return self._runs.kind_sums(miner_ids)

    def open_count(self) -> int:
        """How many jobs of this server are open."""
        return self._runs.open_count()

    def _open_session(self, miner: int) -> OpenSession | None:
        rows = self._all(_OPEN_SESSION, {"key_miner": miner})
        if not rows:
            return None
        row = rows[0]
        paid = self._all(_PAID_IN_SESSION, {"key_miner": miner, "key_session_id": row.session_id})
        since = [entry for entry in paid if entry.id > row.beat_entry]
        return OpenSession(
            session_id=row.session_id,
            completed=sum(entry.kind == EntryKind.JOB.value for entry in paid),
            booked=sum((Decimal(entry.amount) for entry in paid), ZERO),
            confirmed=sum((Decimal(entry.amount) for entry in since if entry.told), ZERO),
            unconfirmed=tuple((entry.job_id or "", Decimal(entry.amount)) for entry in since if not entry.told),
            offset=None if row.offset_nnet is None else Decimal(row.offset_nnet),
            heartbeat_age_s=max(0.0, (self._now_ms() - row.beat_at) / 1000),
        )

    def _open_jobs(self, miner: int, miner_id: str) -> tuple[OpenJob, ...]:
        return tuple(_open_job(row, miner_id) for row in self._all(_OPEN_JOBS, {"key_miner": miner}))

    def _rows(self, query: Any, values: dict[str, Any] | None = None) -> list[Any]:
        with self._reading():
            return self._all(query, values)

    def _all(self, query: Any, values: dict[str, Any] | None = None) -> list[Any]:
        return list(self._connection.execute(query, values).all())

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One transaction for what is read together; raises LedgerError when the database is gone."""
        try:
            with self._connection.begin():
                yield
        except DatabaseError as exc:
            raise LedgerError(f"the ledger can't be read: {exc.orig}") from exc


_entries, _jobs, _findings = schema.entries.c, schema.jobs.c, schema.findings.c
_FIND = (
    select(_jobs.state, _jobs.attempt, _jobs.loss, schema.miners.c.miner_id)
    .join(schema.miners, schema.miners.c.id == _jobs.miner)
    .where(*matching(schema.jobs, ("server", "job_id")))
)
_HABIT = reading(schema.habits, ("server", "name"))

_MINER = reading(schema.miners, ("id",))
_SUMS = reading(schema.sums, ("miner",), ("payments", "amount"))
_SINCE_BASE = (*matching(schema.entries, ("miner",)), _entries.id > bindparam("entry"))
_OTHER_KINDS = tuple(kind.value for kind in EntryKind if kind is not EntryKind.JOB)


def _count_since(*where: Any) -> Any:
    return select(func.count()).select_from(schema.entries).where(*_SINCE_BASE, *where).scalar_subquery()


#: in two parts: the first is read off an index
_JOBS_SINCE = select(
    (
        _count_since(_entries.kind == EntryKind.JOB.value)
        + _count_since(_entries.kind.in_(_OTHER_KINDS), _entries.job_id.is_not(None))
    ).label("n")
)
#: payments that nothing has proved or disproved yet
_CLAIMS_SINCE = select(_entries.job_id, _entries.amount).where(*_SINCE_BASE, schema.UNSETTLED)
_LOST_SINCE = reading(schema.jobs, ("miner",), ("job_id", "reward")).where(
    _jobs.loss == Loss.ANSWER_LOST.value, _jobs.finished_at >= bindparam("at")
)
_UNKNOWN_SINCE = reading(schema.findings, ("miner",), ("amount",)).where(
    _findings.kind == Difference.UNKNOWN.value, _findings.found_at >= bindparam("at")
)
_OPEN_SESSION = (
    reading(schema.sessions, ("miner",))
    .where(schema.sessions.c.closed_at.is_(None))
    .order_by(schema.sessions.c.id.desc())
    .limit(1)
)
#: `told`: by an answer of its own, whatever has confirmed it since
_PAID_IN_SESSION = reading(schema.entries, ("miner", "session_id"), ("id", "kind", "job_id", "amount")).add_columns(
    (_entries.confirmed & _entries.settled_by.is_(None)).label("told")
)
_OPEN_JOBS = (
    reading(schema.jobs, ("miner",))
    .add_columns(_entries.id.label("entry"))
    .outerjoin(schema.entries, (_entries.server == _jobs.server) & (_entries.job_id == _jobs.job_id))
    .where(_jobs.finished_at.is_(None))
)


def _open_job(row: Any, miner_id: str) -> OpenJob:
    return OpenJob(
        job=Job(
            job_id=row.job_id,
            job_type=row.job_type,
            data=json.loads(row.data or "{}"),
            reward=Decimal(row.reward),
            road=Road(row.road),
            timeout_s=row.timeout_s,
        ),
        miner_id=miner_id,
        session_id=row.session_id,
        state=JobState(row.state),
        attempt=row.attempt,
        strikes=row.strikes,
        sends=row.sends,
        mended=row.mended,
        paid_before=row.entry is not None,
        worker=row.worker or "",
        kernel_version=row.kernel_version or "",
        loss=None if row.loss is None else Loss(row.loss),
        result=json.loads(row.result) if row.result else None,
    )
