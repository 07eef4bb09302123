"""The hours of a week in a time zone, minute by minute, on days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime
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


@pytest.mark.parametrize("hours", [NIGHTS, ("02:30-03:10",), ("mon 12:01-12:02", "tue-thu 23:59-00:01")])
@pytest.mark.parametrize("at", ["2026-03-29T11:07", "2026-10-25T11:00", "2026-11-26T00:01"])
def test_borders_are_the_same_forward_and_back_and_nothing_changes_between_them(
    hours: tuple[str, ...], at: str
) -> None:
    week, end = Week(hours, BERLIN), ms(at)
    start = end - 3 * DAY_MS
    back = [border for border in week.borders_before(end) if border > start]
    assert back == [border for border in week.borders_after(start) if border <= end][::-1]
    changes = {m for m in range(start + MINUTE_MS, end, MINUTE_MS) if week.runs(m) is not week.runs(m - 1)}
    assert changes <= set(back)
