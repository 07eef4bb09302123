"""The snapshot of a farm as values. Times are UTC milliseconds, amounts exact NNET.

One file: the page, the terminal, metrics and alerts read one value, whose parts are next to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fleet.control.control import Control


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """The projected income of a whole day at the present rate, in NNET. An estimate, never booked."""

    nnet: float
    low: float
    high: float
    #: the basis of the estimate
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Earnings:
    """What the farm earns."""

    #: NNET booked in the last minutes, and how many seconds these are
    recent: Decimal
    recent_s: float
    #: by the calendar of `time_zone`; None while unknown
    today: Decimal | None
    yesterday: Decimal | None
    #: None while no rate is known
    projected: Projection | None
    #: everything that the ledger has booked at this server
    ledger: Decimal
    last_paid_ms: int | None
    #: name of the time zone whose days are meant
    time_zone: str = "UTC"

    @property
    def per_minute(self) -> float:
        """NNET a minute over the last minutes."""
        return float(self.recent) / self.recent_s * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerFigures:
    """One miner, by its name."""

    name: str
    #: its state at the server: a value of `fleet.miner.phase.Phase`, or `waiting` after failed calls, `paused`
    #: by an operator or a schedule, or `closed`
    state: str
    #: everything booked for it, what was booked today (None while unknown), and in the last minutes
    ledger: Decimal
    today: Decimal | None
    recent: Decimal
    #: jobs that were paid and lost since the coordinator's start
    paid: int
    lost: int
    last_paid_ms: int | None
    #: NNET by which the server's total differs without an explanation
    unexplained: Decimal
    #: name of the server that it mines at; empty for the only one
    server: str = ""
    #: the paused type of a job that it waits with; empty without one
    waits_for_type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostChecks:
    """What checks of one host's results found, as far as it is still the same host."""

    #: results that were compared with another host's, those that agreed, and those that were wrong
    checked: int
    agreed: int
    wrong: int
    #: results since the coordinator's start that were to be checked, and that no other host could check in time
    unchecked: int
    #: why its results are refused; empty while they are taken
    quarantined: str = ""


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
    #: processes of a host that hold no job, as its workers state; None for a job type, and while they state nothing
    free_slots: int | None = None
    #: processes that hold one
    busy_slots: int | None = None
    #: seconds for which a host's processes were idle while jobs waited in a queue, summed over the processes
    idle_s: float | None = None
    #: what checks of a host's results found; None for a job type, and for a host that was never looked at
    checks: HostChecks | None = None

    @property
    def rests(self) -> bool:
        """Whether a host's workers state that they take no jobs, by an order or by the host's own limits."""
        return self.free_slots == 0 and self.busy_slots == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LossRow:
    """The number of jobs in the whole ledger that were not paid for one cause, and the NNET offered for them."""

    cause: str
    jobs: int
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """The server's rate limit as far as learnt, and how much of it is used."""

    limit: int
    window_s: float
    used: int
    refused: int
    #: further miners that the limit carries, and miners that it has no room for
    more_miners: int
    left_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFigures:
    """One server that the farm mines at."""

    #: as the settings name it; its name in the ledger where it is the only server
    name: str
    #: its name in the ledger
    account: str
    #: `mining`, `standing by` for one of an earlier priority, `away`, `banned`, `unpaid` or `draining`
    state: str
    #: NNET booked in all, today (None while unknown), and in the last minutes
    ledger: Decimal
    today: Decimal | None
    recent: Decimal
    #: the farm's miners at this server, and those of them in a session
    miners: int
    in_session: int
    requests: Requests


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """Jobs that are not paid yet."""

    #: messages in all Celery queues of jobs; None while Redis does not answer
    messages: int | None
    open_jobs: int
    at_workers: int
    #: since the oldest open job was last sent to a worker; None without one
    oldest_s: float | None
    #: messages in each queue
    by_queue: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerFigures:
    """How long the ledger's commits take, and the differences from the server's totals without an explanation."""

    commit_median_ms: float
    commit_worst_ms: float
    unexplained: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class SignatureFigures:
    """Results since the coordinator's start that were not signed by the host that they name."""

    host: str
    #: dropped for a wrong signature, for a job that the coordinator did not send, and for no signature
    wrong: int
    foreign: int
    unsigned: int
    #: accepted without one
    accepted: int


class Severity(StrEnum):
    """How bad something wrong is."""

    #: income is lower than it could be, or soon will be
    WARN = "warn"
    #: the subject earns nothing while this lasts
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """Something that keeps the farm, or a part of it, from earning."""

    #: a word for programs, e.g. `no_worker`
    kind: str
    #: `farm`, `miner NAME`, `host NAME`, `server NAME` or `queue`
    subject: str
    severity: Severity
    #: what is wrong, and what to do about it, in a sentence each
    text: str
    help: str
    since_ms: int
    #: an estimate of the NNET that a day of this costs; None while unknown
    nnet_per_day: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FarmSnapshot:
    """The state and income of the farm at one moment."""

    at_ms: int
    started_ms: int
    release: str
    server: str
    simulated: bool
    #: `mining`, `draining` or `ended`
    state: str
    earnings: Earnings
    miners: tuple[MinerFigures, ...]
    #: number of miners by state
    sessions: Mapping[str, int]
    types: tuple[WorkRow, ...]
    hosts: tuple[WorkRow, ...]
    requests: Requests
    queue: Queue
    #: None until the ledger was read for them
    losses: tuple[LossRow, ...] | None
    ledger: LedgerFigures
    #: the server's statement about its network, in its own fields; None if it made none
    gas: Mapping[str, Any] | None
    phase: Mapping[str, Any] | None
    wrong: tuple[Wrong, ...]
    #: in the order of the settings
    servers: tuple[ServerFigures, ...] = ()
    #: what is paused or drained
    controls: tuple[Control, ...] = ()
    #: server, by its name in the settings ("" for the only one) → what would earn more there, where it is known
    advice: Mapping[str, str] = field(default_factory=dict)
    #: by host; none for a host whose results were all signed
    signatures: tuple[SignatureFigures, ...] = ()
