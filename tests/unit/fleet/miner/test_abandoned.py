"""Sessions of miners that are no longer wanted are closed, and their jobs end."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fleet.domain.answers import SessionSummary
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved, SessionClosed
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.jobs import JobState
from fleet.domain.saved_state import AbandonedSession, OpenJob
from fleet.domain.session_effects import SessionDenied
from fleet.errors import CallError, NoAnswer, NotRegistered, RateLimited, Refused, SessionLost
from fleet.miner.abandoned import closing_rows
from tests.support.reconciled_miner import job


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


def requested(session_id: str = "") -> AbandonedSession:
    return replace(session(), session_id=session_id, requested=True)


SUMMARY = SessionSummary(tasks_completed=0, rewards_earned=Decimal(5))


def test_a_session_that_was_only_requested_ends_with_its_request() -> None:
    for outcome in (SUMMARY, NotRegistered("Contributor not registered")):
        moved, denied = closing_rows(AbandonedSessionStopped(session=requested(), outcome=outcome, found="s10"))
        assert isinstance(moved, JobMoved)
        assert denied == SessionDenied(miner_id="gone")


@pytest.mark.parametrize(
    ("found", "cause"), [("s9", "stopped: its miner is not wanted any more"), ("s10", "lost by the server")]
)
def test_a_known_session_in_whose_place_another_one_was_found_is_lost_and_its_sum_says_nothing(
    found: str, cause: str
) -> None:
    stopped = AbandonedSessionStopped(session=requested("s9"), outcome=SUMMARY, found=found)
    _, closed, denied = closing_rows(stopped)
    assert closed == SessionClosed(miner_id="gone", session_id="s9", cause=cause)
    assert denied == SessionDenied(miner_id="gone")


@pytest.mark.parametrize("error", [NoAnswer("cut"), RateLimited(), Refused(400, "no")])
def test_a_request_stays_in_the_ledger_while_the_server_does_not_say_what_became_of_it(error: CallError) -> None:
    assert closing_rows(AbandonedSessionStopped(session=requested(), outcome=error)) == []
