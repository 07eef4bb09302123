"""Sessions that an earlier life of the farm left open for miners that are not wanted any more. Pure.

The server counts an open session as an active miner, and releases divide the block's budget by the active miners: an
unclosed session lowers what everybody else is paid, until the server itself gives it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.domain.calls import Answer, Call, CallKind
from fleet.domain.causes import Loss
from fleet.domain.effects import Effect, JobMoved, SessionClosed
from fleet.domain.jobs import Account, JobState, MinerSpec, OpenJob, SessionSummary
from fleet.domain.proof import Exchange
from fleet.errors import CallError, NotRegistered, SessionLost
from fleet.money.balance import Purse


@dataclass(frozen=True, kw_only=True, slots=True)
class Ghost:
    """What is left of a miner that is not configured any more."""

    miner_id: str
    #: its open session
    session_id: str
    open_jobs: tuple[OpenJob, ...] = ()
    #: what the ledger knows of its money
    account: Account = field(default_factory=Account, compare=False)

    def call(self) -> Call:
        """What stops its session."""
        return Call(kind=CallKind.STOP_SESSION, spec=MinerSpec(miner_id=self.miner_id), session_id=self.session_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class GhostStopped:
    """The server was asked to stop a ghost's session."""

    ghost: Ghost
    outcome: Answer | CallError
    #: digests of what crossed the wire
    exchange: Exchange = field(default_factory=Exchange)


def laid_to_rest(stopped: GhostStopped) -> list[Effect]:
    """The rows that end a ghost, what its session was paid last among them; none while the server has not ended it."""
    ghost, outcome = stopped.ghost, stopped.outcome
    if isinstance(outcome, CallError) and not isinstance(outcome, SessionLost | NotRegistered):
        return []
    paid = _last_pay(ghost, outcome, stopped.exchange) if isinstance(outcome, SessionSummary) else []
    writes: list[Effect] = [*paid, *map(_ended, ghost.open_jobs)]
    cause = "lost by the server" if isinstance(outcome, CallError) else "stopped: its miner is not wanted any more"
    return [*writes, SessionClosed(miner_id=ghost.miner_id, session_id=ghost.session_id, cause=cause)]


def _last_pay(ghost: Ghost, summary: SessionSummary, exchange: Exchange) -> list[Effect]:
    """What the sum at the session's end proves, unless a submission without an answer may be in it."""
    if any(job.state is JobState.SUBMITTING for job in ghost.open_jobs):
        return []
    return Purse(ghost.miner_id, ghost.account).session_stopped(summary, exchange)


def _ended(job: OpenJob) -> JobMoved:
    loss = Loss.ANSWER_LOST if job.state is JobState.SUBMITTING else job.loss or Loss.DRAINED
    return JobMoved(
        job_id=job.job.job_id,
        state=JobState.EXPIRED,
        attempt=job.attempt,
        strikes=job.strikes,
        sends=job.sends,
        mended=job.mended,
        cause="its miner is not wanted any more",
        loss=None if job.paid_before else loss,
    )
