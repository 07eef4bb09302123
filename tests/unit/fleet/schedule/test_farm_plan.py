"""When the farm mines by its schedule, minute by minute, on days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from config.schedule_section import ScheduleSettings
from fleet.domain.calendar import Calendar
from fleet.schedule.farm_plan import FarmPlan, farm_plan
from fleet.schedule.week import Week

BERLIN = Calendar("Europe/Berlin")
MINUTE_MS, DAY_MS = 60_000, 86_400_000


def ms(text: str) -> int:
    """A moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def plan(*hours: str, least_on_s: float = 600) -> FarmPlan:
    return farm_plan(ScheduleSettings(hours=hours, least_on_s=least_on_s), BERLIN)


def switches(of: FarmPlan, start: str, days: int) -> list[str]:
    """The moments in UTC at which the farm begins or ends to mine, found by asking each minute."""
    begin = ms(start)
    found, before = [], of.runs(begin)
    for at in range(begin, begin + days * DAY_MS, MINUTE_MS):
        if of.runs(at) is not before:
            before = not before
            found.append(f"{datetime.fromtimestamp(at / 1000, UTC):%d %H:%M} {'on' if before else 'off'}")
    return found


def test_without_hours_it_always_mines() -> None:
    assert switches(plan(), "2026-03-27T00:00", 8) == []
    assert plan().runs(0)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # a night over the spring's change has 7 hours, over the autumn's 9
        ("2026-03-28T12:00", ["28 21:00 on", "29 04:00 off", "29 20:00 on", "30 04:00 off"]),
        ("2026-10-24T12:00", ["24 20:00 on", "25 05:00 off", "25 21:00 on", "26 05:00 off"]),
        ("2026-11-21T12:00", ["21 21:00 on", "22 05:00 off", "22 21:00 on", "23 05:00 off"]),
    ],
)
def test_it_switches_by_the_clock_on_days_of_23_24_and_25_hours(start: str, expected: list[str]) -> None:
    assert switches(plan("22:00-06:00"), start, 2) == expected


def test_hours_that_the_clocks_leave_out_or_shorten_below_the_least_time_are_not_begun() -> None:
    of = plan("01:30-02:15", "03:00-03:10", least_on_s=2400)
    assert switches(of, "2026-03-28T12:00", 1) == ["29 00:30 on", "29 01:10 off"], "the clocks join the two"
    assert switches(of, "2026-11-21T12:00", 1) == ["22 00:30 on", "22 01:15 off"], "ten minutes are too short"


def test_a_moment_is_judged_alike_whatever_was_asked_before() -> None:
    hours = ("mon-fri 22:00-06:00", "sat 09:05-09:12", "sun 00:00-24:00")
    week, begin = Week(hours, BERLIN), ms("2026-10-23T00:00")
    one, moments = FarmPlan(week, BERLIN, 600), range(begin, begin + 5 * DAY_MS, 37 * MINUTE_MS)
    forward = [one.reason(at) for at in moments]
    assert [one.reason(at) for at in reversed(moments)][::-1] == forward
    assert [FarmPlan(week, BERLIN, 600).reason(at) for at in moments] == forward


def test_it_says_why_the_farm_pauses_in_the_same_words_all_the_time() -> None:
    of = plan("mon 22:00-23:00", "wed 08:00-08:05")
    for at in ("2026-11-24T12:00", "2026-11-25T06:59"):
        assert of.reason(ms(at)) == "outside schedule.hours until wed 08:00"
    assert of.reason(ms("2026-11-25T07:01")) == "its hours end at wed 08:05, and schedule.least_on_s is 600"
    assert of.reason(ms("2026-11-25T07:05")) == "outside schedule.hours until mon 22:00"
    assert of.reason(ms("2026-11-23T21:00")) == ""
