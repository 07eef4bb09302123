"""The snapshot of a farm as values, and its JSON form. Times are UTC milliseconds, amounts exact NNET.

One file: every reader of a snapshot finds all of its fields here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.money.scopes import stamp

#: rises when a field changes its meaning
VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """What a whole day will bring if the rest of it goes on like now, in NNET: an estimate, which is never booked."""

    nnet: float
    low: float
    high: float
    #: what the estimate follows from
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Earnings:
    """What the farm earns."""

    #: NNET booked in the last minutes, and how many seconds these are
    recent: Decimal
    recent_s: float
    #: by the UTC calendar; None while unknown
    today: Decimal | None
    yesterday: Decimal | None
    #: None while no rate can be said
    projected: Projection | None
    #: all that the ledger holds of this server
    ledger: Decimal
    last_paid_ms: int | None

    @property
    def per_minute(self) -> float:
        """NNET a minute over the last minutes."""
        return float(self.recent) / self.recent_s * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerRow:
    """One miner, by its name."""

    name: str
    #: where it is at the server: a value of `fleet.miner.phase.Phase`, or `waiting` after failed calls, or `closed`
    state: str
    #: all that the ledger holds of it, what was booked today (None while unknown), and in the last minutes
    ledger: Decimal
    today: Decimal | None
    recent: Decimal
    #: jobs that were paid and lost since the coordinator's start
    paid: int
    lost: int
    last_paid_ms: int | None
    #: NNET by which the server's total differs without an explanation
    unexplained: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkRow:
    """One job type, or one host; counts are since the coordinator's start."""

    name: str
    #: attempts by workers
    computed: int
    failed: int
    #: jobs paid in the last minutes, and NNET of these
    recent_jobs: int
    recent: Decimal
    #: seconds of kernels in the last minutes
    recent_kernel_s: float
    #: when the last attempt ended
    last_ms: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LossRow:
    """Jobs that were not paid for one cause, and NNET that was offered for them: all that the ledger holds."""

    cause: str
    jobs: int
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """The server's rate limit, as it is believed, and what is used of it."""

    limit: int
    window_s: float
    used: int
    refused: int
    #: further miners that the limit carries, and miners that it has no room for
    more_miners: int
    left_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """Jobs that are not paid yet."""

    #: messages in the Celery queue; None while Redis has not said
    messages: int | None
    open_jobs: int
    at_workers: int
    #: since the oldest open job was last sent to a worker; None without one
    oldest_s: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerFigures:
    """How the ledger's commits go, and what no server's total explains."""

    commit_median_ms: float
    commit_worst_ms: float
    unexplained: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """Something that keeps the farm from earning, in one sentence."""

    #: a word for programs, e.g. `no_worker`
    kind: str
    text: str
    since_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What the farm is and earns at one moment."""

    at_ms: int
    started_ms: int
    release: str
    server: str
    simulated: bool
    #: `mining`, `draining` or `ended`
    state: str
    earnings: Earnings
    miners: tuple[MinerRow, ...]
    #: number of miners by state
    sessions: Mapping[str, int]
    types: tuple[WorkRow, ...]
    hosts: tuple[WorkRow, ...]
    requests: Requests
    queue: Queue
    #: None until the ledger was read for them
    losses: tuple[LossRow, ...] | None
    ledger: LedgerFigures
    #: what the server stated of its network, in its own fields; None where it did not
    gas: Mapping[str, Any] | None
    phase: Mapping[str, Any] | None
    wrong: tuple[Wrong, ...]


def head_stated(snapshot: Snapshot) -> dict[str, Any]:
    """The figures for JSON, without the miners' rows."""
    earnings, requests, queue, books = snapshot.earnings, snapshot.requests, snapshot.queue, snapshot.ledger
    recent_s = earnings.recent_s
    return {
        "v": VERSION,
        "at": stamp(snapshot.at_ms),
        "at_ms": snapshot.at_ms,
        "started_at": stamp(snapshot.started_ms),
        "release": snapshot.release,
        "server": snapshot.server,
        "simulated": snapshot.simulated,
        "state": snapshot.state,
        "earnings": {
            "nnet_per_minute": round(earnings.per_minute, 6),
            "recent_nnet": earnings.recent,
            "recent_s": round(recent_s, 1),
            "today_nnet": earnings.today,
            "yesterday_nnet": earnings.yesterday,
            "projected_day": _projected(earnings.projected),
            "ledger_nnet": earnings.ledger,
            "last_paid_at": stamp(earnings.last_paid_ms),
        },
        "sessions": dict(snapshot.sessions),
        "job_types": [work_stated(row, recent_s) for row in snapshot.types],
        # a worker does not tell the coordinator how many processes it has
        "hosts": [work_stated(row, recent_s) | {"free_slots": None} for row in snapshot.hosts],
        "requests": {
            "limit": requests.limit,
            "window_s": requests.window_s,
            "used": requests.used,
            "headroom": max(requests.limit - requests.used, 0),
            "refused_429": requests.refused,
            "more_miners": requests.more_miners,
            "left_out_miners": requests.left_out,
        },
        "queue": {
            "messages": queue.messages,
            "open_jobs": queue.open_jobs,
            "at_workers": queue.at_workers,
            "oldest_s": None if queue.oldest_s is None else round(queue.oldest_s, 1),
        },
        "losses": None if snapshot.losses is None else [_loss(row) for row in snapshot.losses],
        "ledger": {
            "commit_median_ms": round(books.commit_median_ms, 3),
            "commit_worst_ms": round(books.commit_worst_ms, 3),
            "unexplained_nnet": books.unexplained,
        },
        "gas": None if snapshot.gas is None else dict(snapshot.gas),
        "phase": None if snapshot.phase is None else dict(snapshot.phase),
        "wrong": [{"kind": one.kind, "text": one.text, "since": stamp(one.since_ms)} for one in snapshot.wrong],
    }


def miner_stated(row: MinerRow) -> dict[str, Any]:
    """A miner's figures for JSON."""
    return {
        "miner": row.name,
        "state": row.state,
        "ledger_nnet": row.ledger,
        "today_nnet": row.today,
        "recent_nnet": row.recent,
        "paid": row.paid,
        "lost": row.lost,
        "last_paid_at": stamp(row.last_paid_ms),
        "unexplained_nnet": row.unexplained,
    }


def work_stated(row: WorkRow, recent_s: float) -> dict[str, Any]:
    """The figures of a job type or a host for JSON."""
    return {
        "name": row.name,
        "computed": row.computed,
        "failed": row.failed,
        "recent_jobs": row.recent_jobs,
        "jobs_per_s": round(row.recent_jobs / recent_s, 4),
        "recent_nnet": row.recent,
        "nnet_per_core_hour": round(float(row.recent) / row.recent_kernel_s * 3600, 6) if row.recent_kernel_s else None,
        "last_job_at": stamp(row.last_ms),
    }


def _projected(one: Projection | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"nnet": round(one.nnet, 6), "low": round(one.low, 6), "high": round(one.high, 6), "by": one.by}


def _loss(row: LossRow) -> dict[str, Any]:
    return {"cause": row.cause, "jobs": row.jobs, "not_earned_nnet": row.amount or ZERO}
