"""What a decision asks for: rows to write, jobs to dispatch, lines to print. Values only; others carry them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from fleet.models import Entry, Job, JobState
from tasks.messages import JobMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOpened:
    """Write a job down, or open it again when the server insists on one that was over."""

    job: Job
    miner_id: str
    session_id: str
    state: JobState
    attempt: int
    reopened: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class JobMoved:
    """A job reached a state; None leaves a column as it is."""

    job_id: str
    state: JobState
    attempt: int
    strikes: int
    sends: int
    mended: bool
    #: kept until the job is final
    result: Mapping[str, Any] | None = None
    worker: str | None = None
    kernel_version: str | None = None
    compute_ms: float | None = None
    #: why it was not paid
    cause: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """A payment."""

    entry: Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """The server's sum proves payments that were booked unconfirmed."""

    job_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOpened:
    """A session runs; `offset` is what the server counts for it that is not ours, None while unknown."""

    miner_id: str
    session_id: str
    offset: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionBeat:
    """A heartbeat was answered."""

    miner_id: str
    session_id: str
    offset: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionClosed:
    """A session is over: stopped by us, or lost by the server."""

    miner_id: str
    session_id: str
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseSet:
    """The server's total of a miner at a moment when the ledger said `booked`: differences count from here."""

    miner_id: str
    total: Decimal
    booked: Decimal


Write = JobOpened | JobMoved | Booked | Confirmed | SessionOpened | SessionBeat | SessionClosed | BaseSet


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispatch:
    """Publish a job; `only_if_idle` when an earlier message of it may still wait in the queue."""

    message: JobMessage
    only_if_idle: bool = False


class NoticeKind(Enum):
    """What an operator may want to read."""

    REGISTERED = "registered"
    SESSION = "session"
    SESSION_LOST = "session_lost"
    STOPPED = "stopped"
    COMPUTED = "computed"
    REWARD = "reward"
    #: a heartbeat or an adjustment
    INCOME = "income"
    #: a job ended without a reward
    LOST_JOB = "lost_job"
    #: a call failed
    CALL_FAILED = "call_failed"
    #: an answer or a result was odd and was survived
    ANOMALY = "anomaly"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something happened to a miner."""

    kind: NoticeKind
    miner_id: str
    text: str = ""
    job_id: str = ""
    job_type: str = ""
    worker: str = ""
    #: kernel time
    compute_ms: float = 0.0
    #: fetch answered → submission sent, less the kernel; None where it was not measured
    overhead_ms: float | None = None
    amount: Decimal | None = None
    #: all that is booked for this miner
    total: Decimal | None = None
    confirmed: bool = True


Effect = Write | Dispatch | Notice
