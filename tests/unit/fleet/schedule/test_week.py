"""The hours of a week in a time zone, minute by minute, on days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from fleet.domain.calendar import Calendar
from fleet.schedule.week import Week

BERLIN = Calendar("Europe/Berlin")
NIGHTS = ("mon-fri 22:00-06:00", "sat-sun 00:00-24:00")
MINUTE_MS, DAY_MS = 60_000, 86_400_000


def ms(text: str) -> int:
    """A moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_without_hours_it_always_runs_and_nothing_ever_changes() -> None:
    week = Week((), BERLIN)
    assert week.runs(0)
    assert week.next_change_ms(0) is None
    assert week.day(date(2026, 11, 26)).runs_min == 1440


@pytest.mark.parametrize(
    "hours", [NIGHTS, ("02:30-03:10",), ("sun 02:00-03:00",), ("mon 12:01-12:02", "tue-thu 23:59-00:01")]
)
@pytest.mark.parametrize("start", ["2026-03-27T11:07", "2026-10-23T11:07", "2026-11-26T00:00"])
def test_the_next_change_is_the_first_minute_that_differs(hours: tuple[str, ...], start: str) -> None:
    week, begin = Week(hours, BERLIN), ms(start)
    minutes = [(at, week.runs(at)) for at in range(begin, begin + 4 * DAY_MS, MINUTE_MS)]
    changes = [after for (_, before), (after, now) in pairwise(minutes) if before is not now]
    found, at = [], begin
    while (after := week.next_change_ms(at)) is not None and after < begin + 4 * DAY_MS:
        found.append(after)
        at = after
    assert found == changes


def test_what_runs_all_week_never_changes() -> None:
    assert Week(("00:00-24:00",), BERLIN).next_change_ms(ms("2026-11-26T12:00")) is None


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
    drawn = Week(("sun 01:00-03:00",), BERLIN).day(day)
    assert drawn.length_min == length * 60
    assert [number for number, cell in enumerate(drawn.cells) if cell is None] == left_out
    assert drawn.runs_min == mined


def test_a_week_is_seven_days_and_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    days = Week(NIGHTS, BERLIN).days(date(2026, 11, 23))
    assert [one.runs_min // 60 for one in days] == [2, 8, 8, 8, 8, 24, 24]
    assert days[0].cells[43:45] == (False, True)
