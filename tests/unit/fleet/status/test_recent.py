"""The sums of the last minutes hold what was added in them, and nothing older."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fleet.status.recent import MINUTES, Recent

ONE = Decimal("0.1")


def test_a_sum_leaves_once_its_minute_is_too_old() -> None:
    recent = Recent(0.0)
    recent.add("a", 1, ONE, 59.0)
    recent.add("b", 2, ONE, 61.0)
    assert recent.expire(MINUTES * 60 + 59.0) == set()
    assert recent.expire(MINUTES * 60 + 60.0) == {"a"}
    assert recent.of("a") == (0, Decimal(0))
    assert recent.total == recent.of("b") == (2, ONE)


def test_what_was_paid_before_the_start_counts_in_its_own_minute() -> None:
    recent = Recent(0.0)
    recent.add("a", 1, ONE, 600.0)
    recent.add("a", 1, ONE, 400.0)
    recent.add("a", 1, ONE, 60.0)
    assert recent.total == (2, 2 * ONE), "the last one is too old"
    recent.expire(720.0)
    assert recent.total == (1, ONE)


def test_the_span_begins_with_the_farm_and_is_never_zero() -> None:
    assert Recent.span_s(100.0, 100.0) == 1.0
    assert Recent.span_s(100.0, 130.0) == 30.0
    assert Recent.span_s(0.0, 1000.0) == MINUTES * 60 + 40.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 900)), max_size=60), st.integers(0, 200))
def test_the_sums_are_those_of_the_minutes_that_count(added: list[tuple[str, int]], wait_s: int) -> None:
    recent, moments = Recent(0.0), sorted(added, key=lambda one: one[1])
    for key, at in moments:
        recent.expire(at)
        recent.add(key, 1, ONE, at)
    end = max((at for _, at in added), default=0) + wait_s
    recent.expire(end)
    counted = [key for key, at in added if at // 60 >= end // 60 - MINUTES]
    assert recent.total == (len(counted), len(counted) * ONE)
    assert {key: recent.of(key)[0] for key in "abc"} == {key: counted.count(key) for key in "abc"}
