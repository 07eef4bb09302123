"""Sessions that an earlier life of the farm left open for miners that are not wanted any more. Pure.

The server counts an open session as an active miner, and releases divide the block's budget by the active miners: an
unclosed session lowers what everybody else is paid, until the server itself gives it up.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet.calls import Answer, Call, CallKind
from fleet.causes import Loss
from fleet.effects import JobMoved, SessionClosed, Write
from fleet.errors import CallError, NotRegistered, SessionLost
from fleet.models import JobState, MinerSpec, OpenJob


@dataclass(frozen=True, kw_only=True, slots=True)
class Ghost:
    """What is left of a miner that is not configured any more."""

    miner_id: str
    #: its open session
    session_id: str
    open_jobs: tuple[OpenJob, ...] = ()

    def call(self) -> Call:
        """What stops its session."""
        return Call(kind=CallKind.STOP_SESSION, spec=MinerSpec(miner_id=self.miner_id), session_id=self.session_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class GhostStopped:
    """The server was asked to stop a ghost's session."""

    ghost: Ghost
    outcome: Answer | CallError


def laid_to_rest(stopped: GhostStopped) -> list[Write]:
    """The rows that end a ghost; none while the server has not said that its session is over."""
    ghost, outcome = stopped.ghost, stopped.outcome
    if isinstance(outcome, CallError) and not isinstance(outcome, SessionLost | NotRegistered):
        return []
    writes: list[Write] = [_ended(job) for job in ghost.open_jobs]
    cause = "lost by the server" if isinstance(outcome, CallError) else "stopped: its miner is not wanted any more"
    return [*writes, SessionClosed(miner_id=ghost.miner_id, session_id=ghost.session_id, cause=cause)]


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
