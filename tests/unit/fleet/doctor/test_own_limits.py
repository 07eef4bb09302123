"""A limit that a machine's sensors can't tell is named; one that is not set is not."""

from __future__ import annotations

from typing import Any

import pytest

from config.limits_section import LimitSettings
from fleet.doctor.own_limits import judged_own_limits
from tasks.host.limits import Readings

SEES_ALL = Readings(on_battery=False, hottest_c=51.2, foreign_percent=3.0, untouched_s=12.0)


def found(readings: Readings, **limits: Any) -> list[tuple[str, str]]:
    judged = judged_own_limits(LimitSettings(**limits), readings, "a desktop is not seen")
    return [(one.grade.value, one.found) for one in judged]


@pytest.mark.parametrize("readings", [SEES_ALL, Readings()])
def test_without_limits_there_is_nothing_to_find(readings: Readings) -> None:
    assert found(readings) == []


def test_limits_that_can_be_kept_are_in_order() -> None:
    assert found(SEES_ALL, hot_c=85, idle_s=300, on_battery=False) == [
        ("ok", "it has 51 °C; limits.hot_c is 85"),
        ("ok", "somebody last used this host 12 s ago; a desktop is not seen"),
    ]


def test_limits_that_do_nothing_here_are_warned_of_but_for_a_battery_that_is_not_there() -> None:
    assert found(Readings(), hot_c=85, idle_s=300, on_battery=False) == [
        ("warn", "limits.hot_c does nothing: this machine shows no temperature"),
        ("warn", "limits.idle_s does nothing: no input was seen here; a desktop is not seen"),
        ("ok", "limits.on_battery does nothing: this machine has no battery"),
    ]
