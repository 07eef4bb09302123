"""Miners, their jobs with the states they go through, and the entries of what was paid. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Difference
from fleet.domain.proof import Proof


class JobOrigin(StrEnum):
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
#: states in which a result is awaited
AT_WORKERS = frozenset({JobState.ASSIGNED, JobState.DISPATCHED})
#: states with a payment in the ledger
PAID = frozenset({JobState.ACCEPTED, JobState.ALREADY_COMPLETED})


def awaits_result(state: JobState, attempts: int, attempt: int) -> bool:
    """Whether a job in `state`, of which `attempts` were dispatched, still awaits the result of that `attempt`."""
    return state in AT_WORKERS and 1 <= attempt <= attempts


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
    """A unit of work assigned by a NeoNet server, which calls it a task."""

    job_id: str
    job_type: str
    data: Mapping[str, Any]
    #: NNET that the server says it will pay; zero if it states no valid amount
    reward: Decimal
    origin: JobOrigin
    #: seconds that the server allows, clamped to a sensible range
    timeout_s: float
    #: why no kernel can compute the job, empty if none is known
    problem: str = ""
    #: whether `problem` may have arisen in transit, as when a proxy damaged the answer
    garbled: bool = False
    #: what is odd about a job that can still be computed and paid, else empty
    oddity: str = ""
    #: number of miners that shared the rewards when the server created the job, None if not stated
    active_miners: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """A miner's usage since its last heartbeat, in percent of one core or one GPU."""

    cpu_percent: float
    gpu_percent: float = 0.0


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
