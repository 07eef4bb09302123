"""What a decision asks for: rows to write, jobs to dispatch, lines to print. Values only; others carry them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Loss
from fleet.domain.jobs import Entry, Finding, Habit, Job, JobState
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
    #: why it was not paid, in words and as one of a closed set
    cause: str | None = None
    loss: Loss | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """A payment."""

    entry: Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """The server's sum proves payments that were booked unconfirmed."""

    job_ids: tuple[str, ...]
    evidence: str = "the session's sum counts it"


@dataclass(frozen=True, kw_only=True, slots=True)
class AllConfirmed:
    """The server's total proves every payment of a miner since its base that was booked unconfirmed."""

    miner_id: str
    evidence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRecovered:
    """The server's total proves that a job whose answer was lost was paid."""

    job_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The server's total is not what was booked."""

    miner_id: str
    finding: Finding
    #: jobs that the server counts and this explains, beyond those that were booked
    extra_jobs: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TotalsSeen:
    """The server was asked for a miner's total; None where it does not tell."""

    miner_id: str
    total: Decimal | None
    #: what came of comparing it, in words
    verdict: str
    #: what was booked since the base at that moment
    booked: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class HabitSeen:
    """The server did what a later start of the farm has to know."""

    habit: Habit


@dataclass(frozen=True, kw_only=True, slots=True)
class OffsetSet:
    """What the server counts for a session that is not ours has changed; None until it is learnt again."""

    miner_id: str
    session_id: str
    offset: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOpened:
    """A session runs; `offset` is what the server counts for it that is not ours, None while unknown."""

    miner_id: str
    session_id: str
    offset: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionBeat:
    """A heartbeat was answered; `counted` when its sum was weighed against the payments before it."""

    miner_id: str
    session_id: str
    offset: Decimal | None
    counted: bool = True


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
    #: jobs that the server counted at that moment, where it tells
    jobs: int | None = None
    #: Unix second at which the server made the record of the miner that states the total, where it tells
    registered_at: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordDated:
    """The server told when it made the record of the miner that the base is in."""

    miner_id: str
    #: Unix second
    registered_at: int


Write = (
    JobOpened
    | JobMoved
    | JobRecovered
    | Booked
    | Confirmed
    | AllConfirmed
    | Found
    | SessionOpened
    | SessionBeat
    | SessionClosed
    | OffsetSet
    | BaseSet
    | RecordDated
    | TotalsSeen
    | HabitSeen
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispatch:
    """Publish a job; `only_if_idle` when an earlier message of it may still wait in the queue."""

    message: JobMessage
    only_if_idle: bool = False
    #: hosts that are to leave it to others, since they failed on it
    avoid: tuple[str, ...] = ()
    #: how long jobs of its type took lately, in milliseconds; None where that is not known
    expected_ms: float | None = None
    #: how long it may be held back, so that others share its message
    hold_s: float = 0.0


class NoticeKind(StrEnum):
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
