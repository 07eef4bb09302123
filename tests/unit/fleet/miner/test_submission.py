"""The states of a submission: every state and event has its place in the table, and what follows is what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.miner.submission import TRANSITIONS, Submission, SubmissionEvent

S, E = Submission, SubmissionEvent


def test_every_state_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Submission)


@pytest.mark.parametrize("state", Submission)
def test_a_submission_is_sent_only_while_none_is_under_way(state: Submission) -> None:
    assert (E.SENDING in TRANSITIONS[state]) is not state.in_flight
    if not state.in_flight:
        assert state.after(E.SENDING).in_flight


@pytest.mark.parametrize("state", Submission)
def test_an_outcome_follows_only_a_submission_that_is_under_way(state: Submission) -> None:
    for event in (E.NO_ANSWER, E.LIMIT, E.NO_EFFECT, E.MENDED):
        assert (event in TRANSITIONS[state]) is state.in_flight
        if state.in_flight:
            assert not state.after(event).in_flight


@pytest.mark.parametrize("state", Submission)
def test_the_server_may_hand_out_a_job_at_any_time(state: Submission) -> None:
    after = state.after(E.GIVEN_AGAIN)
    assert (after.in_flight, after.unknown) == (state.in_flight, state.unknown)
    assert after.wanted is state.unknown


@pytest.mark.parametrize(
    ("state", "event"), [(S.UNSENT, E.NO_ANSWER), (S.SENT, E.SENDING), (S.WANTED, E.LIMIT), (S.UNANSWERED, E.MENDED)]
)
def test_what_can_not_happen_raises(state: Submission, event: SubmissionEvent) -> None:
    with pytest.raises(KeyError):
        state.after(event)


@given(st.lists(st.sampled_from(SubmissionEvent), max_size=40))
def test_an_unknown_outcome_is_forgotten_only_when_the_server_decides(events: list[SubmissionEvent]) -> None:
    state, unknown = S.UNSENT, False
    for event in events:
        if event not in TRANSITIONS[state]:
            continue
        state = state.after(event)
        unknown = (unknown or event is E.NO_ANSWER) and event is not E.MENDED
        assert state.unknown is unknown
        assert not (state.wanted and not unknown)
