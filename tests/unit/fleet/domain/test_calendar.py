"""Days of 23, 24 and 25 hours, days that begin within an hour of UTC, weeks of ISO 8601 and months."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.domain.calendar import HOUR_MS, Calendar, hour_name, month_name, week_name

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Havana",
    "Pacific/Apia",
)
CALENDARS = {name: Calendar(name) for name in ZONES}
#: moments from 1990 to 2037, in UTC milliseconds
MOMENTS = st.integers(631_152_000_000, 2_114_380_800_000)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 10, 26), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Havana", date(2026, 3, 8), 23),
        ("Asia/Kolkata", date(2026, 3, 29), 24),
        # the day that Samoa left out when it crossed the date line
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: str, day: date, hours: float) -> None:
    assert CALENDARS[zone].length_ms(day) == hours * HOUR_MS


@given(st.sampled_from(ZONES), MOMENTS)
def test_each_moment_lies_between_the_start_of_its_day_and_of_the_next(zone: str, ms: int) -> None:
    calendar = CALENDARS[zone]
    day = calendar.day(ms)
    assert calendar.start_ms(day) <= ms < calendar.start_ms(day + timedelta(days=1))


@given(st.sampled_from(ZONES), MOMENTS)
def test_an_hour_that_is_not_split_belongs_to_one_day(zone: str, ms: int) -> None:
    calendar, hour = CALENDARS[zone], ms // HOUR_MS
    if not calendar.splits(hour):
        assert calendar.day(ms) == calendar.day(hour * HOUR_MS)


def test_only_zones_that_differ_by_parts_of_an_hour_split_one() -> None:
    day = range(500_000, 500_024)
    split = {zone: sum(map(CALENDARS[zone].splits, day)) for zone in ZONES}
    assert split["UTC"] == split["Europe/Berlin"] == split["America/Havana"] == 0
    assert split["Asia/Kolkata"] == split["Asia/Kathmandu"] == 1


def test_weeks_are_those_of_iso_8601_and_hours_name_their_offset() -> None:
    assert [week_name(date(2027, 1, day)) for day in (1, 3, 4)] == ["2026-W53", "2026-W53", "2027-W01"]
    assert month_name(date(2026, 11, 30)) == "2026-11"
    assert hour_name(Calendar().local(500_000 * HOUR_MS)) == "2027-01-15T08:00Z"
    assert hour_name(CALENDARS["Asia/Kolkata"].local(500_000 * HOUR_MS)) == "2027-01-15T13:30+05:30"
