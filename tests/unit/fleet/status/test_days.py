"""Today and yesterday are the ledger's sums of these days, also for payments told a moment after midnight."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.status.days import Days

DAY_MS = 86_400_000
#: number of a day, and its first moment in UTC
DAY = date(2024, 10, 4).toordinal()
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
    day = DAY - 1
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
    counted.correct(DAY + 5, {"a": 7 * ONE})
    assert counted.yesterday == 7 * ONE
    assert counted.today == ONE, "what was counted on a day that was not known whole says nothing of today"


def test_a_day_of_a_time_zone_ends_when_its_clocks_say_so() -> None:
    # 2026-10-25, when the clocks of Berlin are set back, has 25 hours
    start_ms = 1_792_879_200_000
    counted = Days(start_ms, {}, ZERO, Calendar("Europe/Berlin"))
    assert counted.rest_s(start_ms) == 25 * 3600
    counted.add("a", ONE, start_ms + 25 * HOUR_MS - 1)
    assert (counted.today, counted.rest_s(start_ms + 25 * HOUR_MS - 500)) == (ONE, 0.5)
    counted.add("a", 2 * ONE, start_ms + 25 * HOUR_MS)
    assert (counted.today, counted.yesterday, counted.uncorrected) == (2 * ONE, ONE, date(2026, 10, 25).toordinal())
