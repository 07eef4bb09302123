"""Ends sessions that an earlier coordinator left to miners that are no longer configured. Pure.

The server counts an open session as an active miner, and some releases divide a block's budget among active miners. So
an abandoned session lowers everyone's rewards until the server drops it.
"""

from __future__ import annotations

from fleet.domain.answers import SessionSummary
from fleet.domain.causes import Loss
from fleet.domain.effects import Effect, JobMoved, SessionClosed
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.jobs import JobState
from fleet.domain.proof import Exchange
from fleet.domain.saved_state import AbandonedSession, OpenJob
from fleet.domain.session_effects import SessionDenied
from fleet.errors import CallError, NotRegistered, SessionLost
from fleet.money.balance import MinerAccount

_LOST, _STOPPED = "lost by the server", "stopped: its miner is not wanted any more"


def is_over(stopped: AbandonedSessionStopped) -> bool:
    """Whether the server has no session of the miner open."""
    outcome = stopped.outcome
    return not isinstance(outcome, CallError) or isinstance(outcome, SessionLost | NotRegistered)


def closing_rows(stopped: AbandonedSessionStopped) -> list[Effect]:
    """The rows that end an abandoned session, with its last pay; none while the server has not ended the session."""
    session, outcome = stopped.session, stopped.outcome
    if not is_over(stopped):
        return []
    known = stopped.found in {"", session.session_id}
    paid = _last_pay(session, outcome, stopped.exchange) if known and isinstance(outcome, SessionSummary) else []
    rows: list[Effect] = [*paid, *map(_ended, session.open_jobs)]
    if session.session_id:
        cause = _STOPPED if known and isinstance(outcome, SessionSummary) else _LOST
        rows.append(SessionClosed(miner_id=session.miner_id, session_id=session.session_id, cause=cause))
    if session.requested:
        rows.append(SessionDenied(miner_id=session.miner_id))
    return rows


def _last_pay(session: AbandonedSession, summary: SessionSummary, exchange: Exchange) -> list[Effect]:
    """What the session's final sum proves; nothing if it may contain an unanswered submission."""
    if any(job.state is JobState.SUBMITTING for job in session.open_jobs):
        return []
    return MinerAccount(session.miner_id, session.saved).session_stopped(summary, exchange)


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
