"""Sessions of miners that are no longer wanted are closed, and their jobs end."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.answers import SessionSummary
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved, SessionClosed
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.jobs import JobState
from fleet.domain.saved_state import AbandonedSession, OpenJob
from fleet.errors import NoAnswer, SessionLost
from fleet.miner.abandoned import closing_rows
from tests.unit.fleet.miner.test_audit_schedule import job


def session(state: JobState = JobState.DISPATCHED) -> AbandonedSession:
    left = OpenJob(
        job=job(),
        miner_id="gone",
        session_id="s9",
        state=state,
        attempt=1,
        strikes=0,
        sends=0,
        mended=False,
        result=None,
    )
    return AbandonedSession(miner_id="gone", session_id="s9", open_jobs=(left,))


def test_a_ghosts_session_is_closed_and_its_jobs_end_when_the_server_says_that_it_is_over() -> None:
    stopped = SessionSummary(tasks_completed=0, rewards_earned=Decimal(0))
    for outcome in (stopped, SessionLost("Session not found")):
        moved, closed = closing_rows(AbandonedSessionStopped(session=session(), outcome=outcome))
        assert isinstance(moved, JobMoved)
        assert (moved.state, moved.loss) == (JobState.EXPIRED, Loss.DRAINED)
        assert isinstance(closed, SessionClosed)
        assert closed.session_id == "s9"


def test_a_ghost_whose_submission_was_sent_is_lost_with_its_answer() -> None:
    outcome = SessionSummary(tasks_completed=0, rewards_earned=Decimal(0))
    moved, _ = closing_rows(AbandonedSessionStopped(session=session(JobState.SUBMITTING), outcome=outcome))
    assert isinstance(moved, JobMoved)
    assert moved.loss is Loss.ANSWER_LOST


def test_a_ghost_stays_for_the_next_start_while_the_server_does_not_answer() -> None:
    assert closing_rows(AbandonedSessionStopped(session=session(), outcome=NoAnswer("cut"))) == []
