"""Effects that a decision returns: rows to write, jobs to dispatch, notices to print. Values only.

One file: the code and the tests that carry out effects need the whole set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Loss
from fleet.domain.checks import Checked
from fleet.domain.jobs import Entry, Finding, Job, JobState
from fleet.domain.saved_state import Habit
from fleet.domain.session_effects import OffsetSet, SessionDenied, SessionRequested
from fleet.domain.submitted_work import SubmittedWork
from fleet.domain.wallets import StatedWallet
from tasks.messages import JobMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOpened:
    """Record a new job, or reopen a final one that the server hands out again."""

    job: Job
    miner_id: str
    session_id: str
    state: JobState
    attempt: int
    reopened: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class JobMoved:
    """A job reached a state. A field that is None leaves its column unchanged."""

    job_id: str
    state: JobState
    attempt: int
    strikes: int
    sends: int
    mended: bool
    #: the job's result, kept until the job is final
    result: Mapping[str, Any] | None = None
    worker: str | None = None
    kernel_version: str | None = None
    compute_ms: float | None = None
    #: why the job was not paid, in words and as one of a closed set
    cause: str | None = None
    loss: Loss | None = None
    #: of a job that is final: what was submitted for it, None if it has no result
    submitted: SubmittedWork | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """A payment was booked."""

    entry: Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """The server's sum for a session proves payments that were booked unconfirmed."""

    job_ids: tuple[str, ...]
    evidence: str = "the session's sum counts it"


@dataclass(frozen=True, kw_only=True, slots=True)
class AllConfirmed:
    """The server's total proves all payments of a miner since its base that were booked unconfirmed (see `BaseSet`)."""

    miner_id: str
    evidence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRecovered:
    """The server's total proves that a job was paid although its answer was lost."""

    job_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The server's total differs from what was booked."""

    miner_id: str
    finding: Finding
    #: number of jobs in the server's count that this finding explains, beyond those that were booked
    extra_jobs: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TotalsSeen:
    """The server was asked for a miner's total."""

    miner_id: str
    #: NNET; None if the server did not state it
    total: Decimal | None
    #: result of the comparison with the ledger, in words
    verdict: str
    #: NNET booked since the base at that moment
    booked: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceSeen:
    """The server stated what a miner's wallet holds."""

    miner_id: str
    wallet: StatedWallet


@dataclass(frozen=True, kw_only=True, slots=True)
class HabitSeen:
    """The server showed a habit that the next start of the farm has to know."""

    habit: Habit


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOpened:
    """A session is running. `offset` is the NNET in the server's sum that this ledger did not book, None if unknown."""

    miner_id: str
    session_id: str
    offset: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionBeat:
    """A heartbeat was answered. `counted` is True if its sum was compared with the payments before it."""

    miner_id: str
    session_id: str
    offset: Decimal | None
    counted: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionClosed:
    """A session has ended: the farm stopped it, or the server lost it."""

    miner_id: str
    session_id: str
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseSet:
    """A miner's base: the server's total when the ledger had booked `booked`. Differences count from here."""

    miner_id: str
    total: Decimal
    booked: Decimal
    #: jobs that the server had counted at that moment, None if not stated
    jobs: int | None = None
    #: when the server created its record of the miner, in Unix seconds; None if not stated
    registered_at: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordDated:
    """The server stated when it created the record of the miner that holds the base total."""

    miner_id: str
    #: Unix second
    registered_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitLearnt:
    """The server's refusals have shown its limit, which the next start of the farm has to know."""

    #: per window
    requests: float
    window_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BanChanged:
    """The server has banned this address, or has lifted the ban, which the next start of the farm has to know."""

    #: seconds until the next call may be made; None once the ban is over
    wait_s: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomeEstimated:
    """The expected income changed. The estimate is kept for `fleet advise`, and never booked."""

    #: JSON of `fleet.earning.advice_json.stated`
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastMade:
    """The income expected from now on. It is kept to be compared with what is booked, and never booked."""

    #: sessions that are open
    miners: int
    nnet_an_hour: float
    #: relative standard error of `nnet_an_hour`
    error: float


Write = (
    JobOpened
    | JobMoved
    | JobRecovered
    | Booked
    | Confirmed
    | AllConfirmed
    | Found
    | SessionRequested
    | SessionDenied
    | SessionOpened
    | SessionBeat
    | SessionClosed
    | OffsetSet
    | BaseSet
    | RecordDated
    | TotalsSeen
    | BalanceSeen
    | HabitSeen
    | LimitLearnt
    | BanChanged
    | IncomeEstimated
    | ForecastMade
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispatch:
    """Publish a job. With `only_if_idle`, skip it unless the queue is empty: it may still hold an earlier message."""

    message: JobMessage
    only_if_idle: bool = False
    #: hosts that should leave the job to others: they failed on it, or have computed it already
    avoid: tuple[str, ...] = ()
    #: a second host computes it only to check the first one's result, which has shown that it harms no process
    checks: bool = False
    #: whether it goes to the queue that every host takes jobs from, since it avoids all hosts of its class
    for_all: bool = False
    #: recent kernel time of the job's type, in milliseconds; None if unknown
    expected_ms: float | None = None
    #: how long the job may be held back for others to share its message, in seconds
    hold_s: float = 0.0


class NoticeKind(StrEnum):
    """What a notice to the operator is about."""

    REGISTERED = "registered"
    SESSION = "session"
    SESSION_LOST = "session_lost"
    STOPPED = "stopped"
    COMPUTED = "computed"
    REWARD = "reward"
    #: a heartbeat or an adjustment
    INCOME = "income"
    LOST_JOB = "lost_job"
    CALL_FAILED = "call_failed"
    #: money left a wallet, or a server that forgot its totals kept or lost the wallet
    WALLET = "wallet"
    #: the number of miners that earns the most, and why
    EARNING = "earning"
    #: something was paused, resumed, drained or tried again
    CONTROL = "control"
    #: an answer or a result was odd, and the miner carried on
    ANOMALY = "anomaly"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """An event in the life of a miner, for the operator."""

    kind: NoticeKind
    miner_id: str
    text: str = ""
    job_id: str = ""
    job_type: str = ""
    worker: str = ""
    #: kernel time in milliseconds
    compute_ms: float = 0.0
    #: milliseconds from the fetch's answer to the submission, less the kernel time; None if not measured
    overhead_ms: float | None = None
    amount: Decimal | None = None
    #: NNET booked for this miner in all
    total: Decimal | None = None
    confirmed: bool = True


Effect = Write | Dispatch | Checked | Notice
