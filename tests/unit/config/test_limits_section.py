"""A host's own limits in settings: those that never let it compute are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.limits_section import LimitSettings


@pytest.mark.parametrize(("hours", "least_on_s"), [((), 86_400), (("09:00-09:10",), 600)])
def test_hours_that_last_long_enough_are_taken(hours: tuple[str, ...], least_on_s: float) -> None:
    assert LimitSettings(hours=hours, least_on_s=least_on_s).hours == hours


def test_hours_that_all_end_before_the_least_time_are_refused() -> None:
    with pytest.raises(ValidationError, match="last 540 s at most and least_on_s is 600, so the host would never"):
        LimitSettings(hours=("09:00-09:09", "mon 12:00-12:05"), least_on_s=600)


@pytest.mark.parametrize("percent", [0, 9.9, 101, -1])
def test_a_share_of_the_cpu_is_of_ten_to_a_hundred_percent(percent: float) -> None:
    with pytest.raises(ValidationError):
        LimitSettings(cpu_percent=percent)
