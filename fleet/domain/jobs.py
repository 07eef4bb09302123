"""The values that the coordinator's parts hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.causes import Difference, Loss
from fleet.domain.proof import Proof


class Road(StrEnum):
    """How a job reached the miner (PROTOCOL, surprise 2)."""

    #: asked for; the server gives it again until it is submitted
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
    #: a result is here
    COMPUTED = "computed"
    #: a submission was sent, its outcome is not known yet
    SUBMITTING = "submitting"
    #: the server accepted it and said what it paid
    ACCEPTED = "accepted"
    #: the server accepted an earlier submission whose answer was lost; paid as the job stated, unconfirmed
    ALREADY_COMPLETED = "already_completed"
    #: the server refused the result for good
    REJECTED = "rejected"
    #: not submitted: the server forgot it, the farm drained, or its deadline passed
    EXPIRED = "expired"
    #: gave no result in too many attempts
    QUARANTINED = "quarantined"


#: states of a job that may still be paid
OPEN = frozenset({JobState.ASSIGNED, JobState.DISPATCHED, JobState.COMPUTED, JobState.SUBMITTING})
#: states that a job does not leave by itself
FINAL = frozenset(JobState) - OPEN
#: states with a payment in the ledger
PAID = frozenset({JobState.ACCEPTED, JobState.ALREADY_COMPLETED})


class Habit(StrEnum):
    """What a server was seen to do, kept in the ledger for the next start."""

    #: it pays for jobs that a heartbeat reports, and counts them again (PROTOCOL, surprise 6)
    PAYS_REPORTED_JOBS = "pays reported jobs"


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerSpec:
    """One contributor id and the hardware it declares."""

    #: lower case, as the server keeps it
    miner_id: str
    cpu_cores: int = 4
    #: MB; 0 for none
    gpu_memory_mb: int = 0
    gpu_model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Work assigned by a NeoNet server, which calls it a task."""

    job_id: str
    job_type: str
    data: Mapping[str, Any]
    #: NNET that the server says it will pay; zero where it says nothing sound
    reward: Decimal
    road: Road
    #: seconds that the server gives, clamped to what makes sense
    timeout_s: float
    #: why no kernel can compute it; empty when one may
    problem: str = ""
    #: what is odd about it, though it can be computed and paid
    oddity: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GasInfo:
    """Network fees, for the operator to read."""

    fee_model: str
    neo_transfer_fee: float | None
    token_transfer_fee: float | None
    congestion_level: str
    active_providers: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkPhase:
    """How far the network is decentralized; loads in percent."""

    phase: str
    active_miners: int | None
    server_load: float | None
    miner_load: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """What the server says it has paid one miner since it knows it."""

    total_rewards: Decimal
    #: jobs that it has counted for the miner, where stated
    total_jobs: int | None = None
    #: Unix second at which the server made this record of the miner, where stated
    registered_at: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """The contributor is known to the server."""

    #: False when it was known before
    new: bool
    #: what the server has paid it so far, where the answer states it
    totals: Totals | None = None
    #: why what it states is left out
    oddity: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionStart:
    """A session is running."""

    session_id: str
    #: True when it was running before this call
    adopted: bool
    initial_job: Job | None
    #: what was left out of the answer because it was malformed
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The server's answer to a submission."""

    accepted: bool
    #: NNET paid; zero unless accepted
    reward: Decimal
    #: all that the server has paid this miner, where stated
    total_rewards: Decimal | None = None
    #: the server's words when not accepted
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeartbeatAnswer:
    """What a heartbeat brought; each field only where the release states it."""

    #: NNET paid for this heartbeat
    reward: Decimal | None = None
    #: NNET that the server counts for the whole session
    rewards_earned: Decimal | None = None
    #: all that the server has paid this miner
    total_rewards: Decimal | None = None
    next_job: Job | None = None
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSummary:
    """The server's words at the end of a session."""

    tasks_completed: int | None
    rewards_earned: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One payment, as it goes into the ledger."""

    miner_id: str
    kind: EntryKind
    amount: Decimal
    #: False when the amount is the job's stated reward and not the answer's
    confirmed: bool
    session_id: str
    job_id: str | None = None
    job_type: str = ""
    #: what proves it, in words, where it is no plain receipt
    evidence: str = ""
    #: what proves it, in digests
    proof: Proof = field(default_factory=Proof)
    #: jobs whose unconfirmed entries this one takes back
    settles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A difference between what was booked for a miner and what its server states, with what explains it."""

    kind: Difference
    #: NNET, server less ledger
    amount: Decimal
    evidence: str
    #: the jobs that explain it
    job_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a miner used since its last heartbeat, in percent of one core or GPU."""

    cpu_percent: float
    gpu_percent: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenJob:
    """A job that the ledger holds open, as a restarted coordinator finds it."""

    job: Job
    miner_id: str
    session_id: str
    state: JobState
    attempt: int
    strikes: int
    sends: int
    mended: bool
    result: Mapping[str, Any] | None
    #: who computed the result
    worker: str = ""
    kernel_version: str = ""
    #: why there is no result
    loss: Loss | None = None
    #: an entry of this ledger pays it already
    paid_before: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSession:
    """A session that the ledger holds open."""

    session_id: str
    #: jobs of this session that were paid
    completed: int
    #: all that is booked in this session
    booked: Decimal = ZERO
    #: that part of it that answers told of since the server's sum was weighed last
    confirmed: Decimal = ZERO
    #: job id and amount of the payments since then of which no answer told
    unconfirmed: tuple[tuple[str, Decimal], ...] = ()
    #: what the server's sum had beyond the entries of the session then; None where it was not learnt
    offset: Decimal | None = None
    #: seconds since its last heartbeat
    heartbeat_age_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What the ledger knows of one miner when the coordinator starts."""

    #: all that is booked for it
    booked: Decimal = ZERO
    #: how many entries that is
    payments: int = 0
    #: the server's total when it was first seen, None before
    base_total: Decimal | None = None
    #: what was booked then
    base_booked: Decimal = ZERO
    #: jobs that the server had counted then
    base_jobs: int | None = None
    #: Unix second at which the server made the record of the miner that the total is in, where it told
    base_registered_at: int | None = None
    #: jobs that were paid since then
    jobs_since_base: int = 0
    #: job id and amount of the payments since then that nothing has proved yet
    claims: tuple[tuple[str, Decimal], ...] = ()
    #: job id and stated reward of the jobs that ended since then with an answer lost
    lost_answers: tuple[tuple[str, Decimal], ...] = ()
    #: the server was seen to pay heartbeats for jobs that they reported, and counts those jobs again
    counts_reports: bool = False
    #: NNET of differences since then that nothing explains
    unexplained: Decimal = ZERO
    #: the session that was open
    session: OpenSession | None = None
    open_jobs: tuple[OpenJob, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """What is known of a job that the server gives again."""

    state: JobState
    attempt: int
    miner_id: str
    #: why it was not paid
    loss: Loss | None = None
