"""What the ledger knows of miners, sessions and jobs when a coordinator starts. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.domain.calls import Call, CallKind
from fleet.domain.causes import Loss
from fleet.domain.jobs import Job, JobState, MinerSpec
from fleet.domain.wallets import StatedWallet


class Habit(StrEnum):
    """Observed behaviour of a server, kept in the ledger for the next start."""

    #: the server pays for jobs that a heartbeat reports, and counts them again (docs/protocol-notes.md, 6 and 15)
    PAYS_REPORTED_JOBS = "pays reported jobs"


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
class SavedMiner:
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
    #: the last balance that the server stated, and whether the server forgot its totals after that
    wallet: StatedWallet | None = None
    forgotten_since_balance: bool = False
    #: the last total that the server stated, if nothing was booked since; else None
    stated_total: Decimal | None = None
    #: whether a session was closed since the server last stated its miner's total
    closed_uncompared: bool = False
    #: the open session, None if there is none
    session: OpenSession | None = None
    #: whether a session was requested and no outcome is recorded, so that the server may have opened one
    session_requested: bool = False
    open_jobs: tuple[OpenJob, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """The earlier history of a job that the server hands out again."""

    state: JobState
    attempt: int
    miner_id: str
    #: why the job was not paid
    loss: Loss | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AbandonedSession:
    """A session of a miner that is no longer configured: it is open, or was requested and may be."""

    miner_id: str
    #: empty if the ledger knows of none that is open
    session_id: str
    #: whether a session was requested and no outcome is recorded: the one that is open may have another id
    requested: bool = False
    open_jobs: tuple[OpenJob, ...] = ()
    #: the ledger's state of the miner
    saved: SavedMiner = field(default_factory=SavedMiner, compare=False)

    def find_call(self) -> Call:
        """The call whose answer states the id of the session that is open; it opens one if none is."""
        return Call(kind=CallKind.START_SESSION, spec=MinerSpec(miner_id=self.miner_id))

    def stop_call(self, found: str = "") -> Call:
        """The call that stops the session, or the one that was found in its place."""
        spec = MinerSpec(miner_id=self.miner_id)
        return Call(kind=CallKind.STOP_SESSION, spec=spec, session_id=found or self.session_id)
