"""Ends sessions that an earlier coordinator left open for miners that are no longer configured. Pure.

The server counts an open session as an active miner, and some releases divide a block's budget among active miners. So
an abandoned session lowers everyone's rewards until the server drops it.
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
    """A miner that is no longer configured but still has an open session."""

    miner_id: str
    #: its open session
    session_id: str
    open_jobs: tuple[OpenJob, ...] = ()
    #: the ledger's state of its money
    account: Account = field(default_factory=Account, compare=False)

    def call(self) -> Call:
        """The call that stops its session."""
        return Call(kind=CallKind.STOP_SESSION, spec=MinerSpec(miner_id=self.miner_id), session_id=self.session_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class GhostStopped:
    """The outcome of asking the server to stop a ghost's session."""

    ghost: Ghost
    outcome: Answer | CallError
    #: digests of the bodies of request and answer
    exchange: Exchange = field(default_factory=Exchange)


def laid_to_rest(stopped: GhostStopped) -> list[Effect]:
    """The rows that end a ghost, including its session's last pay; none while the server has not ended the session."""
    ghost, outcome = stopped.ghost, stopped.outcome
    if isinstance(outcome, CallError) and not isinstance(outcome, SessionLost | NotRegistered):
        return []
    paid = _last_pay(ghost, outcome, stopped.exchange) if isinstance(outcome, SessionSummary) else []
    writes: list[Effect] = [*paid, *map(_ended, ghost.open_jobs)]
    cause = "lost by the server" if isinstance(outcome, CallError) else "stopped: its miner is not wanted any more"
    return [*writes, SessionClosed(miner_id=ghost.miner_id, session_id=ghost.session_id, cause=cause)]


def _last_pay(ghost: Ghost, summary: SessionSummary, exchange: Exchange) -> list[Effect]:
    """What the session's final sum proves; nothing if it may contain an unanswered submission."""
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
