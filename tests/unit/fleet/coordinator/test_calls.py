"""Sessions of miners that are not wanted any more are stopped, under the id that the server knows."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.inbox import Inbox
from fleet.domain.answers import SessionStart, SessionSummary
from fleet.domain.calls import Answer, Call, CallKind
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.proof import Exchange
from fleet.domain.saved_state import AbandonedSession
from fleet.errors import Banned, CallError, NoAnswer, RateLimited, ServerFault, Unreachable
from tests.support.at_once import AtOnce

SUMMARY = SessionSummary(tasks_completed=0, rewards_earned=None)
KNOWN = AbandonedSession(miner_id="known", session_id="s1")
REQUESTED = AbandonedSession(miner_id="requested", session_id="", requested=True)
AGAIN = AbandonedSession(miner_id="again", session_id="s3", requested=True)


def found(session_id: str) -> SessionStart:
    return SessionStart(session_id=session_id, adopted=True, initial_job=None)


class Answers:
    """A client with an answer for each call, by its kind and miner."""

    def __init__(self, **answers: Answer | CallError) -> None:
        self._answers = answers
        self.made: list[tuple[CallKind, str, str]] = []

    async def perform(self, call: Call) -> tuple[Answer | CallError, Exchange]:
        """Answer."""
        self.made.append((call.kind, call.spec.miner_id, call.session_id))
        start = call.kind is CallKind.START_SESSION
        return self._answers[f"{'start' if start else 'stop'}_{call.spec.miner_id}"], Exchange()


def stopped(client: Any, *sessions: AbandonedSession) -> list[AbandonedSessionStopped]:
    inbox = Inbox()
    ServerCalls(client, AtOnce(), inbox).stop_sessions(sessions)
    return [event for event in inbox.take(0.0) if isinstance(event, AbandonedSessionStopped)]


def test_the_server_is_asked_for_the_id_of_a_session_that_was_only_requested() -> None:
    client = Answers(
        stop_known=SUMMARY,
        start_requested=found("s2"),
        stop_requested=SUMMARY,
        start_again=found("s4"),
        stop_again=SUMMARY,
    )
    events = stopped(client, KNOWN, REQUESTED, AGAIN)
    assert client.made == [
        (CallKind.STOP_SESSION, "known", "s1"),
        (CallKind.START_SESSION, "requested", ""),
        (CallKind.STOP_SESSION, "requested", "s2"),
        (CallKind.START_SESSION, "again", ""),
        (CallKind.STOP_SESSION, "again", "s4"),
    ]
    assert [(event.found, event.requests, event.outcome) for event in events] == [
        ("", 1, SUMMARY),
        ("s2", 2, SUMMARY),
        ("s4", 2, SUMMARY),
    ]


@pytest.mark.parametrize("error", [Unreachable("refused"), NoAnswer("cut"), RateLimited(), Banned("403")], ids=repr)
def test_a_server_that_takes_no_calls_is_asked_for_no_other_session(error: CallError) -> None:
    client = Answers(start_requested=error, stop_known=SUMMARY)
    (event,) = stopped(client, REQUESTED, KNOWN)
    assert (event.outcome, event.requests, len(client.made)) == (error, 1, 1)


def test_an_error_about_one_session_does_not_keep_the_others_open() -> None:
    client = Answers(start_requested=ServerFault(500, "no"), stop_known=SUMMARY)
    assert [event.session for event in stopped(client, REQUESTED, KNOWN)] == [REQUESTED, KNOWN]
