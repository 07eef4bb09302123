"""The stored state of one miner that a starting coordinator reads from the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.causes import Difference, Loss
from fleet.domain.jobs import Job, JobOrigin, JobState
from fleet.domain.saved_state import Habit, OpenJob, SavedMiner
from fleet.domain.wallets import StatedWallet
from fleet.ledger import schema
from fleet.ledger.open_session import open_session
from fleet.ledger.session_requests import requested
from fleet.ledger.statements import key_conditions, read_all, select_by_key


@dataclass(frozen=True, kw_only=True, slots=True)
class CommonState:
    """What the stored states of a server's miners have in common: one query for all of them."""

    #: miner id → its row
    miners: Mapping[str, Any]
    #: row of a miner → when its last session was closed, in UTC milliseconds since 1970
    closed_at: Mapping[int, int]
    #: whether the server counts jobs that it has only been told of
    counts_reports: bool
    #: rows of the miners whose last requested session has no recorded outcome
    requested: frozenset[int]


def common_state(connection: Connection, server: int, miner_id: str | None = None) -> CommonState:
    """Read what all miners of a server have in common, or only what concerns one of them."""
    of_server: dict[str, object] = {"key_server": server}
    key, miners, closed = of_server, _MINERS, _LAST_CLOSED
    if miner_id is not None:
        this_one = key_conditions(schema.miners, ("miner_id",))
        key, miners, closed = {**key, "key_miner_id": miner_id}, miners.where(*this_one), closed.where(*this_one)
    habit = {**of_server, "key_name": Habit.PAYS_REPORTED_JOBS.value}
    return CommonState(
        miners={row.miner_id: row for row in read_all(connection, miners, key)},
        closed_at={row.miner: row.at for row in read_all(connection, closed, key)},
        counts_reports=bool(read_all(connection, _HABIT, habit)),
        requested=requested(connection, server),
    )


def saved_miner(connection: Connection, common_state: CommonState, miner_id: str, now_ms: int) -> SavedMiner:
    """The stored state of a miner at `now_ms`, UTC milliseconds since 1970. Raises KeyError for an unknown one."""
    base = common_state.miners[miner_id]
    miner, read = base.id, partial(read_all, connection)
    sums = read(_SUMS, {"key_miner": miner})
    since = {"key_miner": miner, "entry": base.base_entry or 0, "at": base.base_at or 0}
    last_closed = common_state.closed_at.get(miner, 0)
    booked = sum((Decimal(row.amount) for row in sums), ZERO)
    return SavedMiner(
        booked=booked,
        payments=sum(row.payments for row in sums),
        base_total=None if base.base_total is None else Decimal(base.base_total),
        base_booked=Decimal(base.base_booked or 0),
        base_jobs=base.base_jobs,
        base_registered_at=base.base_registered_at,
        jobs_since_base=read(_JOBS_SINCE, since)[0].n,
        counts_reports=common_state.counts_reports,
        claims=tuple((row.job_id or "", Decimal(row.amount)) for row in read(_CLAIMS_SINCE, since)),
        lost_answers=tuple((row.job_id, Decimal(row.reward)) for row in read(_LOST_SINCE, since)),
        unexplained=sum((abs(Decimal(row.amount)) for row in read(_UNKNOWN_SINCE, since)), ZERO),
        wallet=_wallet(base),
        forgotten_since_balance=base.balance_at is not None
        and bool(read(_FORGOTTEN_SINCE, {"key_miner": miner, "at": base.balance_at})),
        stated_total=_stated_total(base, booked - Decimal(base.base_booked or 0)),
        closed_uncompared=last_closed > (base.stated_at or 0),
        session=open_session(read, miner, now_ms, base),
        session_requested=miner in common_state.requested,
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


_entries, _jobs, _findings = schema.entries.c, schema.jobs.c, schema.findings.c
_HABIT = select_by_key(schema.habits, ("server", "name"))
_MINERS = select_by_key(schema.miners, ("server",))
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
_LAST_CLOSED = (
    select(schema.sessions.c.miner, func.max(schema.sessions.c.closed_at).label("at"))
    .join(schema.miners, schema.miners.c.id == schema.sessions.c.miner)
    .where(*key_conditions(schema.miners, ("server",)), schema.sessions.c.closed_at.is_not(None))
    .group_by(schema.sessions.c.miner)
)
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
