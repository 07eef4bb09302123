"""What the ledger spells small reads as it was written."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.domain.jobs import JobState
from fleet.ledger.column_types import LETTERS, Event, begun, life, packed, unpacked

UUID = "550e8400-e29b-41d4-a716-446655440000"


@given(st.uuids() | st.text(max_size=40) | st.text("0123456789abcdefABCDEF- ", min_size=30, max_size=40))
def test_any_id_reads_as_it_was_written(value: uuid.UUID | str) -> None:
    assert unpacked(packed(str(value))) == str(value)


def test_a_uuid_is_sixteen_bytes() -> None:
    assert packed(UUID) == uuid.UUID(UUID).bytes


@pytest.mark.parametrize("text", [UUID.upper(), UUID.replace("-", ""), UUID[:-1], UUID[:8] + UUID[9:] + "-", "", "j1"])
def test_another_spelling_stays_text(text: str) -> None:
    assert packed(text) == text


def test_every_state_has_a_letter_of_its_own() -> None:
    assert set(LETTERS) == set(JobState)
    assert len(set(LETTERS.values())) == len(JobState)


@given(st.lists(st.tuples(st.sampled_from(JobState), st.integers(1, 10**6), st.integers(0, 10**13)), min_size=1))
def test_a_life_reads_as_it_was_written(events: list[tuple[JobState, int, int]]) -> None:
    spelt = ",".join(f"{begun(state, attempt)}{ms}" for state, attempt, ms in events)
    assert life(spelt) == [Event(state=state, attempt=attempt, after_ms=ms) for state, attempt, ms in events]


def test_a_life_cut_at_its_beginning_keeps_its_end() -> None:
    whole = ",".join(f"{begun(JobState.DISPATCHED, n)}{n * 1000}" for n in range(1, 9))
    for cut in range(1, len(whole) - 6):
        assert life(whole[cut:])[-1] == Event(state=JobState.DISPATCHED, attempt=8, after_ms=8000)
