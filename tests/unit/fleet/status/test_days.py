"""Today and yesterday are the ledger's sums of these days, also for payments told a moment after midnight."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.status.days import DAY_MS, Days

MIDNIGHT = 20_000 * DAY_MS
ONE = Decimal("0.1")


def days() -> Days:
    return Days(MIDNIGHT - 1000, {"a": ONE}, 5 * ONE)


def test_a_payment_counts_for_the_day_of_the_clock() -> None:
    counted = days()
    counted.add("a", ONE, MIDNIGHT - 1)
    assert (counted.today, counted.yesterday, counted.of("a"), counted.of("b")) == (2 * ONE, 5 * ONE, 2 * ONE, ZERO)
    counted.add("b", ONE, MIDNIGHT)
    assert (counted.today, counted.yesterday, counted.of("a"), counted.of("b")) == (ONE, 2 * ONE, ZERO, ONE)


def test_what_the_ledger_dated_before_midnight_moves_to_that_day_once_it_is_read() -> None:
    counted = days()
    counted.add("a", ONE, MIDNIGHT + 3)
    counted.add("b", ONE, MIDNIGHT + 4)
    day = MIDNIGHT // DAY_MS - 1
    assert counted.uncorrected == day
    assert counted.correct(day, {"a": 2 * ONE}) == {"a"}
    assert (counted.today, counted.yesterday, counted.of("a"), counted.of("b")) == (ONE, 2 * ONE, ZERO, ONE)
    assert counted.correct(day, {"a": 9 * ONE}) == set(), "a day is corrected once"


def test_a_jump_of_the_clock_leaves_the_sums_unknown_instead_of_wrong() -> None:
    counted = days()
    counted.add("a", ONE, MIDNIGHT + 5 * DAY_MS)
    assert (counted.today, counted.yesterday, counted.of("a")) == (None, None, None)
    counted.add("a", ONE, MIDNIGHT + 6 * DAY_MS)
    assert (counted.today, counted.yesterday) == (ONE, None)
    counted.correct(MIDNIGHT // DAY_MS + 5, {"a": 7 * ONE})
    assert counted.yesterday == 7 * ONE
    assert counted.today == ONE, "what was counted on a day that was not known whole says nothing of today"
