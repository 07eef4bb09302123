"""The stored state of one miner that a starting coordinator reads from the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from fleet.domain.amounts import BY_SESSION_SUM, ZERO, EntryKind
from fleet.domain.causes import Difference, Loss
from fleet.domain.jobs import Job, JobOrigin, JobState
from fleet.domain.saved_state import Habit, OpenJob, OpenSession, SavedMiner
from fleet.domain.wallets import StatedWallet
from fleet.ledger import schema
from fleet.ledger.statements import key_conditions, select_by_key

#: a function that returns the rows of a query with its parameters
Read = Callable[..., list[Any]]


def read_all(connection: Connection, query: Any, values: dict[str, Any] | None = None) -> list[Any]:
    """The rows of a query with its parameters."""
    return list(connection.execute(query, values).all())


def saved_miner(connection: Connection, server: int, who: tuple[int, str], now_ms: int) -> SavedMiner:
    """The stored state of a miner, given its row and id as `who`, at `now_ms`, UTC milliseconds since 1970."""
    miner, miner_id = who
    read = partial(read_all, connection)
    base = read(_MINER, {"key_id": miner})[0]
    sums = read(_SUMS, {"key_miner": miner})
    since = {"key_miner": miner, "entry": base.base_entry or 0, "at": base.base_at or 0}
    last_closed = read(_LAST_CLOSED, {"key_miner": miner})[0].at or 0
    booked = sum((Decimal(row.amount) for row in sums), ZERO)
    return SavedMiner(
        booked=booked,
        payments=sum(row.payments for row in sums),
        base_total=None if base.base_total is None else Decimal(base.base_total),
        base_booked=Decimal(base.base_booked or 0),
        base_jobs=base.base_jobs,
        base_registered_at=base.base_registered_at,
        jobs_since_base=read(_JOBS_SINCE, since)[0].n,
        counts_reports=bool(read(_HABIT, {"key_server": server, "key_name": Habit.PAYS_REPORTED_JOBS.value})),
        claims=tuple((row.job_id or "", Decimal(row.amount)) for row in read(_CLAIMS_SINCE, since)),
        lost_answers=tuple((row.job_id, Decimal(row.reward)) for row in read(_LOST_SINCE, since)),
        unexplained=sum((abs(Decimal(row.amount)) for row in read(_UNKNOWN_SINCE, since)), ZERO),
        wallet=_wallet(base),
        forgotten_since_balance=base.balance_at is not None
        and bool(read(_FORGOTTEN_SINCE, {"key_miner": miner, "at": base.balance_at})),
        stated_total=_stated_total(base, booked - Decimal(base.base_booked or 0)),
        owes_total=last_closed > (base.asked_at or 0),
        closed_uncompared=last_closed > (base.stated_at or 0),
        session=_open_session(read, miner, now_ms, base),
        open_jobs=open_jobs(connection, miner, miner_id),
    )


def _stated_total(miner: Any, since_base: Decimal) -> Decimal | None:
    """The last stated total, unless something was booked since."""
    stated = miner.stated_total is not None and miner.stated_booked is not None
    return Decimal(miner.stated_total) if stated and Decimal(miner.stated_booked) == since_base else None


def _wallet(miner: Any) -> StatedWallet | None:
    if miner.balance is None:
        return None
    return StatedWallet(
        balance=Decimal(miner.balance),
        total=None if miner.balance_total is None else Decimal(miner.balance_total),
        booked=Decimal(miner.balance_booked),
    )


def open_jobs(connection: Connection, miner: int, miner_id: str) -> tuple[OpenJob, ...]:
    """The jobs of a miner, given its row and id, that may still be paid."""
    return tuple(_open_job(row, miner_id) for row in read_all(connection, _OPEN_JOBS, {"key_miner": miner}))


def _open_session(read: Read, miner: int, now_ms: int, base: Any) -> OpenSession | None:
    rows = read(_OPEN_SESSION, {"key_miner": miner})
    if not rows:
        return None
    row = rows[0]
    paid = read(_PAID_IN_SESSION, {"key_miner": miner, "key_session_id": row.session_id})
    since = [entry for entry in paid if entry.id > row.beat_entry]
    in_doubt = base.base_at is not None and row.opened_at < base.base_at and (base.stated_at or 0) <= base.base_at
    by_sum = [entry.amount for entry in paid if entry.evidence == BY_SESSION_SUM and entry.id > (base.base_entry or 0)]
    return OpenSession(
        session_id=row.session_id,
        completed=sum(entry.kind == EntryKind.JOB.value for entry in paid),
        booked=sum((Decimal(entry.amount) for entry in paid), ZERO),
        confirmed=sum((Decimal(entry.amount) for entry in since if entry.answered), ZERO),
        unconfirmed=tuple((entry.job_id or "", Decimal(entry.amount)) for entry in since if not entry.answered),
        offset=None if row.offset_nnet is None else Decimal(row.offset_nnet),
        heartbeat_age_s=max(0.0, (now_ms - row.beat_at) / 1000),
        base_in_doubt=in_doubt and not by_sum,
        counted_twice=Decimal(by_sum[0]) if in_doubt and by_sum else ZERO,
    )


_entries, _jobs, _findings = schema.entries.c, schema.jobs.c, schema.findings.c
_HABIT = select_by_key(schema.habits, ("server", "name"))
_MINER = select_by_key(schema.miners, ("id",))
_SUMS = select_by_key(schema.sums, ("miner",), ("payments", "amount"))
_SINCE_BASE = (*key_conditions(schema.entries, ("miner",)), _entries.id > bindparam("entry"))
_OTHER_KINDS = tuple(kind.value for kind in EntryKind if kind is not EntryKind.JOB)


def _count_since(*where: Any) -> Any:
    return select(func.count()).select_from(schema.entries).where(*_SINCE_BASE, *where).scalar_subquery()


#: in two parts, since an index alone answers the first
_JOBS_SINCE = select(
    (
        _count_since(_entries.kind == EntryKind.JOB.value)
        + _count_since(_entries.kind.in_(_OTHER_KINDS), _entries.job_id.is_not(None))
    ).label("n")
)
#: payments that nothing has proved or disproved yet
_CLAIMS_SINCE = select(_entries.job_id, _entries.amount).where(*_SINCE_BASE, schema.UNSETTLED)
_LOST_SINCE = select_by_key(schema.jobs, ("miner",), ("job_id", "reward")).where(
    _jobs.loss == Loss.ANSWER_LOST.value, _jobs.finished_at >= bindparam("at")
)
_UNKNOWN_SINCE = select_by_key(schema.findings, ("miner",), ("amount",)).where(
    _findings.kind == Difference.UNKNOWN.value, _findings.found_at >= bindparam("at")
)
_FORGOTTEN_SINCE = select_by_key(schema.findings, ("miner",), ("id",)).where(
    _findings.kind == Difference.FORGOTTEN.value, _findings.found_at > bindparam("at")
)
_OPEN_SESSION = (
    select_by_key(schema.sessions, ("miner",))
    .where(schema.sessions.c.closed_at.is_(None))
    .order_by(schema.sessions.c.id.desc())
    .limit(1)
)
_LAST_CLOSED = select(func.max(schema.sessions.c.closed_at).label("at")).where(
    schema.sessions.c.miner == bindparam("key_miner")
)
#: `answered`: whether an answer stated this very payment, even if a later entry confirmed it as well
_PAID_IN_SESSION = select_by_key(
    schema.entries, ("miner", "session_id"), ("id", "kind", "job_id", "amount", "evidence")
).add_columns((_entries.confirmed & _entries.settled_by.is_(None)).label("answered"))
_OPEN_JOBS = (
    select_by_key(schema.jobs, ("miner",))
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
            origin=JobOrigin(row.road),
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
