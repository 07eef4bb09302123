"""`fleet schedule`: shows when the farm mines and when this host computes, by the settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import click

from config.hours import DAYS
from config.load import load
from config.settings import Settings
from fleet.commands.arguments.dates import Day
from fleet.commands.loading import settings_or_exit
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.schedule.drawn_week import DrawnDay, drawn_week
from fleet.schedule.farm_plan import hours_plan
from fleet.schedule.week import Week

_RUNS, _PAUSES, _LEFT_OUT = "█", "·", " "
#: what the marks mean, and the name of the week in JSON
_DOES = {
    "farm": f"{_RUNS} the farm mines  {_PAUSES} it pauses",
    "host": f"{_RUNS} this host computes  {_PAUSES} it pauses",
}
_KEYS = {"farm": "farm_days", "host": "days"}
#: `--week` without a day
_THIS = "this"
_NEVER = {
    "farm": "[WARN] The farm never mines in this week: change schedule.hours.",
    "host": "[WARN] This host never computes in this week: change limits.hours.",
}


class _Week(click.ParamType["date | None"]):
    """Any day of a week; None for this week."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date | None:
        """The day."""
        return None if value == _THIS else Day().convert(value, param, ctx)


@click.group("schedule")
def schedule() -> None:
    """Show when the farm mines by `schedule.hours`, and when this host computes by `limits.hours`.

    \b
    Example:
      fleet schedule preview
    """


@schedule.command("preview")
@click.option("--farm", "part", flag_value="farm", help="Draw the farm's week alone.")
@click.option("--host", "part", flag_value="host", help="Draw the week of this host alone.")
@click.option(
    "--week",
    "first",
    type=_Week(),
    is_flag=False,
    flag_value=_THIS,
    help="The Monday of another week than this one, or any day of it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def preview(*, part: str | None, first: date | None, as_json: bool) -> None:
    """Draw a week, a mark for each half hour: the farm's and this host's, where the settings name hours for them.

    \b
    Examples:
      fleet schedule preview
      fleet schedule preview --farm --week 2026-03-29
    """
    with settings_or_exit():
        settings = load()
    calendar = Calendar(settings.time_zone)
    day = first or calendar.day(wall_ms())
    monday = day - timedelta(days=day.weekday())
    weeks = {
        name: drawn_week(runs, calendar, monday)
        for name, runs in _plans(settings, calendar).items()
        if part in (name, None)
    }
    if as_json:
        stated = {_KEYS[name]: [_stated(one) for one in days] for name, days in weeks.items()}
        click.echo(json.dumps({"time_zone": calendar.name, "price_max": settings.schedule.price_max, **stated}))
        return
    if part is None and settings.schedule.limited and not settings.limits.hours:
        del weeks["host"]
    elif part is None and not settings.schedule.limited:
        del weeks["farm"]
    click.echo("\n\n".join("\n".join(drawn(days, calendar.name, name)) for name, days in weeks.items()))
    if "farm" in weeks and settings.schedule.price_max is not None:
        click.echo(f"The farm also pauses while a kWh costs more than {settings.schedule.price_max:g}.")


def _plans(settings: Settings, calendar: Calendar) -> dict[str, Callable[[int], bool]]:
    """Whether each part runs at a moment by its hours."""
    return {
        "farm": hours_plan(settings.schedule, calendar).runs,
        "host": Week(settings.limits.hours, calendar).runs,
    }


def drawn(days: Sequence[DrawnDay], zone: str, name: str) -> list[str]:
    """The lines of a week, at most 72 characters wide. `name` is farm or host."""
    hours = "".join(f"{hour:02d}    " for hour in range(0, 24, 3)).rstrip()
    lines = [f"{_DOES[name]}   time zone {zone}", f"{'':<11}{hours}"]
    for one in days:
        marks = "".join(_LEFT_OUT if cell is None else _RUNS if cell else _PAUSES for cell in one.cells)
        odd = "" if one.length_min == 1440 else f" of {one.length_min // 60}"
        label = f"{DAYS[one.day.weekday()]} {one.day.day:>2} {one.day:%b}"
        lines.append(f"{label:<11}{marks} {one.runs_min / 60:4.1f} h{odd}")
    runs_min = sum(one.runs_min for one in days)
    lines.append(f"{runs_min / 60:.1f} hours of the week")
    return lines if runs_min else [*lines, _NEVER[name]]


def _stated(one: DrawnDay) -> dict[str, object]:
    return {
        "day": one.day.isoformat(),
        "hours": one.length_min / 60,
        "running_hours": one.runs_min / 60,
        "half_hours": one.cells,
    }
