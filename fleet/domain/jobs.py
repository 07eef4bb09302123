"""Jobs, a server's parsed answers, and what the ledger knows when a coordinator starts. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.causes import Difference, Loss
from fleet.domain.proof import Proof
from fleet.domain.wallets import StatedWallet


class Road(StrEnum):
    """How a job reached the miner (docs/protocol-notes.md, 2)."""

    #: fetched by the miner; the server hands it out again until it is submitted
    FETCHED = "fetched"
    #: came with a new session
    INITIAL = "initial"
    #: came with a heartbeat's answer
    NEXT = "next"


class JobState(StrEnum):
    """The life of a job in the ledger."""

    #: written down, not yet published
    ASSIGNED = "assigned"
    #: published to the broker
    DISPATCHED = "dispatched"
    #: the result has arrived
    COMPUTED = "computed"
    #: a submission was sent; its outcome is not yet known
    SUBMITTING = "submitting"
    #: the server accepted the result and stated what it paid
    ACCEPTED = "accepted"
    #: the server had accepted a submission whose answer was lost; booked unconfirmed, at the reward stated by the job
    ALREADY_COMPLETED = "already_completed"
    #: the server refused the result for good
    REJECTED = "rejected"
    #: not submitted: the server forgot the job, the farm drained, or the deadline passed
    EXPIRED = "expired"
    #: given up after too many attempts without a result
    QUARANTINED = "quarantined"


#: states of a job that may still be paid
OPEN = frozenset({JobState.ASSIGNED, JobState.DISPATCHED, JobState.COMPUTED, JobState.SUBMITTING})
#: states that a job does not leave by itself
FINAL = frozenset(JobState) - OPEN
#: states with a payment in the ledger
PAID = frozenset({JobState.ACCEPTED, JobState.ALREADY_COMPLETED})


class Habit(StrEnum):
    """Observed behaviour of a server, kept in the ledger for the next start."""

    #: the server pays for jobs that a heartbeat reports, and counts them again (docs/protocol-notes.md, 6 and 15)
    PAYS_REPORTED_JOBS = "pays reported jobs"


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerSpec:
    """One contributor id and the hardware it declares."""

    #: in lower case, as the server keeps it; its wallet, so a secret
    miner_id: str
    #: what people, logs and workers see in its place; "" where the id was given without a name
    name: str = ""
    cpu_cores: int = 4
    #: MB; 0 without a GPU
    gpu_memory_mb: int = 0
    gpu_model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Work assigned by a NeoNet server, which calls it a task."""

    job_id: str
    job_type: str
    data: Mapping[str, Any]
    #: NNET that the server says it will pay; zero if it states no valid amount
    reward: Decimal
    road: Road
    #: seconds that the server allows, clamped to a sensible range
    timeout_s: float
    #: why no kernel can compute the job, empty if one may
    problem: str = ""
    #: whether `problem` may have come about on the way, as where a proxy spoilt the answer
    garbled: bool = False
    #: what is odd about a job that can still be computed and paid, else empty
    oddity: str = ""
    #: number of miners among which the server shared when it created the job, None if not stated
    active_miners: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GasInfo:
    """Network fees, shown to the operator."""

    fee_model: str
    neo_transfer_fee: float | None
    token_transfer_fee: float | None
    congestion_level: str
    active_providers: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkPhase:
    """How far the network is decentralized. Loads are in percent."""

    phase: str
    active_miners: int | None
    server_load: float | None
    miner_load: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RewardTerms:
    """A server's rule for rewards as it states it: a job pays its weight times a miner's share of the budget, in NNET.

    Floats, since nothing is booked by them.
    """

    budget: float
    #: least and most that a miner's share can be
    floor: float
    cap: float
    #: miners that the budget is divided among now; None if not stated
    active_miners: int | None = None

    def share(self, active: float) -> float:
        """A miner's share among `active` miners."""
        return min(max(self.budget / max(active, 1.0), self.floor), self.cap)


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The server's statement of everything that it has paid one miner."""

    total_rewards: Decimal
    #: jobs that the server has counted for the miner, None if not stated
    total_jobs: int | None = None
    #: when the server created this record of the miner, in Unix seconds; None if not stated
    registered_at: int | None = None
    #: NNET in the miner's wallet, None if not stated
    balance: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """The server knows the contributor."""

    #: False if the contributor was already known
    new: bool
    #: what the server has paid the contributor so far, None if not stated
    totals: Totals | None = None
    #: why the stated totals are left out, empty if they are not
    oddity: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionStart:
    """A session was started, or was already running."""

    session_id: str
    #: True if it was running before this call
    adopted: bool
    initial_job: Job | None
    #: malformed parts that were left out of the answer
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The server's answer to a submission."""

    accepted: bool
    #: NNET paid; zero unless accepted
    reward: Decimal
    #: NNET that the server has paid this miner in all, None if not stated
    total_rewards: Decimal | None = None
    #: NNET in the miner's wallet, None if not stated
    balance: Decimal | None = None
    #: the server's words if the submission was not accepted
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeartbeatAnswer:
    """A heartbeat's answer. A field is None if the release does not state it."""

    #: NNET paid for this heartbeat
    reward: Decimal | None = None
    #: NNET that the server counts for the whole session
    rewards_earned: Decimal | None = None
    #: NNET that the server has paid this miner in all
    total_rewards: Decimal | None = None
    next_job: Job | None = None
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSummary:
    """The server's figures at the end of a session."""

    tasks_completed: int | None
    rewards_earned: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One payment, as it is written to the ledger."""

    miner_id: str
    kind: EntryKind
    amount: Decimal
    #: False if the amount is the reward stated by the job, not one stated by an answer
    confirmed: bool
    session_id: str
    job_id: str | None = None
    job_type: str = ""
    #: the proof in words, for a payment without a plain receipt
    evidence: str = ""
    #: the proof in digests
    proof: Proof = field(default_factory=Proof)
    #: jobs whose unconfirmed entries this one reverses
    settles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A difference between the ledger and the server's total of a miner, with its explanation."""

    kind: Difference
    #: NNET, server minus ledger
    amount: Decimal
    evidence: str
    #: jobs that explain the difference
    job_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """A miner's usage since its last heartbeat, in percent of one core or one GPU."""

    cpu_percent: float
    gpu_percent: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenJob:
    """An open job, as a restarted coordinator finds it in the ledger."""

    job: Job
    miner_id: str
    session_id: str
    state: JobState
    attempt: int
    strikes: int
    sends: int
    mended: bool
    result: Mapping[str, Any] | None
    #: the worker that computed the result
    worker: str = ""
    kernel_version: str = ""
    #: why there is no result
    loss: Loss | None = None
    #: True if the ledger already has a payment for this job
    paid_before: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSession:
    """An open session, as a restarted coordinator finds it in the ledger."""

    session_id: str
    #: number of paid jobs of this session
    completed: int
    #: NNET booked in this session
    booked: Decimal = ZERO
    #: the part of `booked` that answers stated since the server's sum was last compared
    confirmed: Decimal = ZERO
    #: job id and amount (NNET) of the payments since then that no answer stated
    unconfirmed: tuple[tuple[str, Decimal], ...] = ()
    #: NNET in the server's sum beyond the session's entries at that time; None if not learnt
    offset: Decimal | None = None
    #: seconds since its last heartbeat
    heartbeat_age_s: float = 0.0
    #: True if the miner's base began in this session, and since then no total was compared and no sum added any pay
    base_in_doubt: bool = False
    #: NNET added by the first sum after the base, which the base may already count
    counted_twice: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The ledger's state of one miner when the coordinator starts."""

    #: NNET booked for the miner in all
    booked: Decimal = ZERO
    #: number of entries in `booked`
    payments: int = 0
    #: the base: the server's total when it was first seen, None before
    base_total: Decimal | None = None
    #: NNET booked at the base
    base_booked: Decimal = ZERO
    #: jobs that the server had counted at the base, None if not stated
    base_jobs: int | None = None
    #: when the server created the record that states the base, in Unix seconds; None if not stated
    base_registered_at: int | None = None
    #: jobs paid since the base
    jobs_since_base: int = 0
    #: job id and amount (NNET) of the payments since the base that nothing has proved yet
    claims: tuple[tuple[str, Decimal], ...] = ()
    #: job id and stated reward (NNET) of the jobs since the base that ended with a lost answer
    lost_answers: tuple[tuple[str, Decimal], ...] = ()
    #: True if the server was seen to pay for jobs that heartbeats report, and counts those jobs again
    counts_reports: bool = False
    #: NNET of unexplained differences since the base
    unexplained: Decimal = ZERO
    #: the last balance that the server stated, and whether the base began after it
    wallet: StatedWallet | None = None
    wallet_before_base: bool = False
    #: the open session, None if there is none
    session: OpenSession | None = None
    open_jobs: tuple[OpenJob, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """The earlier history of a job that the server hands out again."""

    state: JobState
    attempt: int
    miner_id: str
    #: why the job was not paid
    loss: Loss | None = None
