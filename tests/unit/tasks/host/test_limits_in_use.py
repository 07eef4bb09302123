"""A host that somebody uses, and the least times that it computes and pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.hours import window_of
from tasks.host.limits import HostLimits, Limits, Readings

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def paused(host: HostLimits, *looks: tuple[float, Readings]) -> list[bool]:
    return [bool(host.reason(readings, now)) for now, readings in looks]


def test_a_host_pauses_at_once_when_somebody_uses_it_and_goes_on_once_nobody_has_for_a_while() -> None:
    host = HostLimits(Limits(idle_s=300), lambda: NOON)
    assert host.reason(Readings(untouched_s=2.0), 0.0) == "somebody has used it in the last 300 s"
    assert paused(host, (1.0, Readings(untouched_s=299.0)), (2.0, Readings(untouched_s=300.0))) == [True, False]
    assert not host.reason(Readings(), 3.0), "what can't be seen limits nothing"
    assert Limits(idle_s=300).any


def test_once_it_computes_other_programs_do_not_pause_it_before_its_least_time() -> None:
    host = HostLimits(Limits(busy_percent=40, after_s=0, least_on_s=600), lambda: NOON)
    calm, busy = Readings(foreign_percent=5.0), Readings(foreign_percent=90.0)
    looks = ((0.0, calm), (1.0, busy), (599.0, busy), (600.0, busy), (601.0, calm), (602.0, busy), (1201.0, busy))
    assert paused(host, *looks) == [False, False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("limits", "readings"),
    [
        ({"hot_c": 85}, Readings(hottest_c=90.0)),
        ({"on_battery": False}, Readings(on_battery=True)),
        ({"idle_s": 60}, Readings(untouched_s=1.0)),
    ],
)
def test_heat_a_battery_and_somebody_at_it_wait_for_no_least_time(limits: dict[str, float], readings: Readings) -> None:
    host = HostLimits(Limits(least_on_s=600, after_s=0, **limits), lambda: NOON)  # type: ignore[arg-type]
    assert paused(host, (0.0, Readings()), (1.0, readings)) == [False, True]


def test_once_it_pauses_it_does_so_for_its_least_time_whatever_the_reason() -> None:
    host = HostLimits(Limits(on_battery=False, least_off_s=300), lambda: NOON)
    on, off = Readings(on_battery=True), Readings(on_battery=False)
    assert host.reason(on, 0.0) == "it runs on its battery"
    assert host.reason(off, 1.0) == "it pauses for 300 s at least, since it runs on its battery"
    assert paused(host, (299.0, off), (300.0, off), (301.0, on), (600.0, off), (601.0, off)) == [
        True,
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("minute", "begins"), [(0, True), (50, True), (51, False), (60, False)])
def test_it_does_not_begin_in_hours_that_end_before_its_least_time(minute: int, begins: bool) -> None:
    limits = Limits(hours=(window_of("12:00-13:00"),), least_on_s=600)
    host = HostLimits(limits, lambda: NOON + timedelta(minutes=minute, seconds=1))
    assert bool(host.reason(Readings(), 0.0)) is not begins


def test_what_has_begun_goes_on_until_the_end_of_its_hours() -> None:
    now = [NOON]
    host = HostLimits(Limits(hours=(window_of("12:00-13:00"),), least_on_s=600), lambda: now[0])
    found = []
    for minute in (0, 55, 59, 60):
        now[0] = NOON + timedelta(minutes=minute)
        found.append(host.reason(Readings(), 60.0 * minute))
    assert found == ["", "", "", "outside limits.hours until fri 12:00"]


def test_the_hour_that_the_clocks_leave_out_is_not_counted_as_time_to_compute() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    limits = Limits(hours=(window_of("01:00-03:30"),), least_on_s=5400)
    host = HostLimits(limits, lambda: datetime(2026, 3, 29, 1, 59, 1, tzinfo=berlin))
    assert "limits.hours end in less than" in host.reason(Readings(), 0.0), "at 01:59 + 1 min it is 03:00"
