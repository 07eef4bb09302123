"""The farm's schedule in settings: one that never lets anything run is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.errors import ConfigError
from config.load import load
from config.schedule_section import ScheduleSettings


def test_hours_are_read_from_a_variable_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_SCHEDULE__HOURS", "mon-fri 22:00-06:00, sat 09:00-12:00")
    assert load().schedule.hours == ("mon-fri 22:00-06:00", "sat 09:00-12:00")


@pytest.mark.parametrize(
    ("hours", "least_on_s"), [((), 86_400), (("09:00-09:10",), 600), (("09:00-09:05", "09:05-09:10"), 600)]
)
def test_hours_that_last_long_enough_are_taken(hours: tuple[str, ...], least_on_s: float) -> None:
    assert ScheduleSettings(hours=hours, least_on_s=least_on_s).hours == hours


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (("09:00-09:09", "mon 12:00-12:05"), "its hours last 540 s at most and least_on_s is 600"),
        (("sat 10:00-10:00",), "so it lets nothing run"),
    ],
)
def test_hours_in_which_the_farm_would_never_mine_are_refused(hours: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ScheduleSettings(hours=hours, least_on_s=600)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"price_max": 0.3}, "neither price_file nor price_url"),
        ({"price_file": "/prices.json"}, "no price_max above which the farm pauses"),
        ({"price_url": "https://prices.example.com/today.json"}, "no price_max above which the farm pauses"),
        ({"price_max": 1, "price_file": "/a", "price_url": "https://b.example.com"}, "are both set"),
        ({"price_max": 1, "price_url": "file:///etc/passwd"}, "http"),
        ({"price_max": float("nan"), "price_file": "/a"}, "finite"),
    ],
)
def test_prices_without_a_bound_or_of_two_sources_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ScheduleSettings(**given)


def test_a_refusal_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_SCHEDULE__HOURS", "09:00-09:01")
    with pytest.raises(ConfigError, match="the farm would never mine"):
        load()
