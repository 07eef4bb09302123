"""A long loop says how far it is."""

from __future__ import annotations

from itertools import count

from fleet.coordinator.output.progress import with_progress


def test_a_loop_of_seven_seconds_says_every_two_seconds_how_many_are_done() -> None:
    said: list[str] = []
    clock = count()
    items = list(with_progress(range(7000), "miners loaded", said.append, clock=lambda: next(clock) / 1000))
    assert items == list(range(7000))
    assert said == [f"[OK]     {done:,} of 7,000 miners loaded" for done in (1999, 3999, 5999)]


def test_a_short_loop_prints_nothing() -> None:
    said: list[str] = []
    assert list(with_progress("ab", "letters read", said.append, clock=lambda: 0.0)) == ["a", "b"]
    assert said == []
