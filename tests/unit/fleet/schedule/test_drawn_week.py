"""Drawn days and weeks, on days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import date

import pytest

from fleet.domain.calendar import Calendar
from fleet.schedule.drawn_week import drawn_day, drawn_week
from fleet.schedule.week import Week

BERLIN = Calendar("Europe/Berlin")
NIGHTS = ("mon-fri 22:00-06:00", "sat-sun 00:00-24:00")


@pytest.mark.parametrize(
    ("day", "length", "left_out", "mined"),
    [
        (date(2026, 3, 29), 23, [4, 5], 60),
        (date(2026, 10, 25), 25, [], 180),
        (date(2026, 11, 22), 24, [], 120),
    ],
)
def test_an_hour_that_is_left_out_counts_nothing_and_one_that_comes_twice_counts_twice(
    day: date, length: int, left_out: list[int], mined: int
) -> None:
    found = drawn_day(Week(("sun 01:00-03:00",), BERLIN).runs, BERLIN, day)
    assert found.length_min == length * 60
    assert [number for number, cell in enumerate(found.cells) if cell is None] == left_out
    assert found.runs_min == mined


def test_a_week_is_seven_days_and_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    days = drawn_week(Week(NIGHTS, BERLIN).runs, BERLIN, date(2026, 11, 23))
    assert [one.runs_min // 60 for one in days] == [2, 8, 8, 8, 8, 24, 24]
    assert days[0].cells[43:45] == (False, True)
