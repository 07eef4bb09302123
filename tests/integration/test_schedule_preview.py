"""`fleet schedule preview`: the farm's week, this host's, or both."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from fleet.commands.schedule import schedule

pytestmark = pytest.mark.usefixtures("empty_folder")

FARM = {"FLEET_SCHEDULE__HOURS": "mon-fri 22:00-06:00"}
HOST = {"FLEET_LIMITS__HOURS": "sat-sun 00:00-24:00"}
TITLES = {"the farm mines": "40.0 hours of the week", "this host computes": "48.0 hours of the week"}


def said(*words: str, environ: dict[str, str]) -> str:
    done = CliRunner().invoke(schedule, ["preview", *words], env=environ, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize(
    ("words", "environ", "drawn"),
    [
        ((), FARM, ["the farm mines"]),
        ((), HOST, ["this host computes"]),
        ((), FARM | HOST, ["the farm mines", "this host computes"]),
        (("--farm",), FARM | HOST, ["the farm mines"]),
        (("--host",), FARM | HOST, ["this host computes"]),
    ],
)
def test_it_draws_the_weeks_that_have_hours_or_the_one_asked_for(
    words: tuple[str, ...], environ: dict[str, str], drawn: list[str]
) -> None:
    text = said("--week", "2026-11-26", *words, environ=environ)
    assert [title for title in TITLES if title in text] == drawn
    assert [hours for hours in TITLES.values() if hours in text] == [TITLES[title] for title in drawn]
    assert max(len(line) for line in text.splitlines()) <= 72


def test_a_farm_and_a_host_without_hours_are_always_on() -> None:
    assert "168.0 hours of the week" in said("--week", "2026-11-26", environ={})
    assert "168.0 hours of the week" in said("--farm", "--week", "2026-11-26", environ=HOST)


def test_as_json_both_weeks_are_stated_on_a_day_of_23_hours_too() -> None:
    environ = FARM | HOST | {"FLEET_TIME_ZONE": "Europe/Berlin"}
    stated = json.loads(said("--week", "2026-03-29", "--json", environ=environ))
    assert stated.keys() == {"time_zone", "price_max", "days", "farm_days"}
    sunday = stated["days"][6]
    assert (sunday["day"], sunday["hours"], sunday["running_hours"]) == ("2026-03-29", 23, 23)
    assert [day["running_hours"] for day in stated["farm_days"]] == [2, 8, 8, 8, 8, 6, 0]
    assert json.loads(said("--farm", "--json", environ=environ)).keys() == {"time_zone", "price_max", "farm_days"}


def test_the_highest_price_is_named_below_the_farms_week_alone() -> None:
    environ = FARM | {"FLEET_SCHEDULE__PRICE_FILE": "/prices.json", "FLEET_SCHEDULE__PRICE_MAX": "0.3"}
    text = said("--week", "2026-11-26", environ=environ)
    assert "40.0 hours of the week\nThe farm also pauses while a kWh costs more than 0.3.\n" in text
    assert "kWh" not in said("--host", environ=environ)
    assert json.loads(said("--farm", "--json", environ=environ))["price_max"] == 0.3


def test_hours_that_never_let_the_farm_mine_are_refused_with_a_sentence() -> None:
    done = CliRunner().invoke(schedule, ["preview"], env={"FLEET_SCHEDULE__HOURS": "09:00-09:01"})
    assert done.exit_code == 78
    assert "so the farm would never mine; lower least_on_s, or name longer hours" in done.output


@pytest.mark.parametrize(
    ("variable", "warning"),
    [
        ("FLEET_SCHEDULE__HOURS", "[WARN] The farm never mines in this week: change schedule.hours."),
        ("FLEET_LIMITS__HOURS", "[WARN] This host never computes in this week: change limits.hours."),
    ],
)
def test_a_week_without_any_hour_is_warned_of(variable: str, warning: str) -> None:
    environ = {variable: "sun 02:00-03:00", "FLEET_TIME_ZONE": "Europe/Berlin"}
    # the clocks leave out this very hour
    text = said("--week", "2026-03-29", environ=environ)
    assert text.endswith(f"0.0 hours of the week\n{warning}\n")
    assert "WARN" not in said("--week", "2026-03-22", environ=environ)
    # and have it twice in autumn
    assert "2.0 h of 25\n2.0 hours of the week" in said("--week", "2026-10-25", environ=environ)


def test_without_a_day_the_option_is_this_week() -> None:
    assert said("--week", environ=FARM) == said(environ=FARM)
