"""When a host pauses by its own limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from config.hours import window_of
from tasks.host.limits import HostLimits, Limits, Readings

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def at_noon(limits: Limits) -> HostLimits:
    return HostLimits(limits, lambda: NOON)


def test_without_limits_nothing_pauses_a_host() -> None:
    assert not Limits().any
    bad = Readings(on_battery=True, hottest_c=120.0, foreign_percent=100.0)
    assert at_noon(Limits()).reason(bad, 0.0) == ""


@pytest.mark.parametrize("second", [-2, -1, 0, 1])
def test_a_host_begins_in_the_first_second_of_its_hours(second: int) -> None:
    limits = Limits(hours=(window_of("12:00-13:00"),))
    host = HostLimits(limits, lambda: NOON + timedelta(seconds=second))
    assert bool(host.reason(Readings(), 0.0)) is (second < 0)


def test_a_battery_counts_at_once_and_one_that_can_not_be_read_does_not() -> None:
    host = at_noon(Limits(on_battery=False))
    assert host.reason(Readings(on_battery=True), 0.0) == "it runs on its battery"
    assert host.reason(Readings(on_battery=False), 1.0) == ""
    assert host.reason(Readings(), 2.0) == ""


def test_heat_has_to_last_and_the_host_goes_on_once_it_has_stayed_five_degrees_cooler() -> None:
    host = at_noon(Limits(hot_c=85, after_s=60))
    paused = [
        bool(host.reason(Readings(hottest_c=heat), now))
        for now, heat in [(0, 90), (59, 90), (60, 90), (61, 82), (125, 82), (126, 79), (150, 84), (160, 79), (220, 79)]
    ]
    assert paused == [False, False, True, True, True, True, True, True, False]


def test_a_short_load_of_other_programs_changes_nothing_and_a_lasting_one_pauses() -> None:
    host = at_noon(Limits(busy_percent=40, after_s=60))
    loads = [
        (0, 90.0),
        (30, 10.0),
        (40, 90.0),
        (99, 90.0),
        (100, 90.0),
        (101, 30.0),
        (170, 30.0),
        (171, 15.0),
        (231, 15.0),
    ]
    paused = [bool(host.reason(Readings(foreign_percent=load), now)) for now, load in loads]
    assert paused == [False, False, False, False, True, True, True, True, False]


def test_all_reasons_are_named() -> None:
    host = at_noon(Limits(hours=(window_of("22:00-06:00"),), busy_percent=40, after_s=0))
    found = host.reason(Readings(foreign_percent=55.4), 0.0)
    assert found == "outside limits.hours until thu 22:00 and other programs use 55 % of its CPU"
