"""`fleet schedule`: shows when this host computes by its settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta

import click

from config.hours import DAYS
from config.load import load
from fleet.commands.dates import Day
from fleet.commands.exits import settings_or_exit
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.schedule.week import DrawnDay, Week

_RUNS, _PAUSES, _LEFT_OUT = "█", "·", " "


@click.group("schedule")
def schedule() -> None:
    """Show when this host computes by `limits.hours`.

    \b
    Example:
      fleet schedule preview
    """


@schedule.command("preview")
@click.option("--week", "first", type=Day(), help="The Monday of another week than this one, or any day of it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def preview(*, first: date | None, as_json: bool) -> None:
    """Draw a week, a mark for each half hour.

    \b
    Examples:
      fleet schedule preview
      fleet schedule preview --week 2026-03-29
    """
    with settings_or_exit():
        settings = load()
    calendar = Calendar(settings.time_zone)
    day = first or calendar.day(wall_ms())
    days = Week(settings.limits.hours, calendar).days(day - timedelta(days=day.weekday()))
    if as_json:
        click.echo(json.dumps({"time_zone": calendar.name, "days": [_stated(one) for one in days]}))
    else:
        click.echo("\n".join(drawn(days, calendar.name)))


def drawn(days: Sequence[DrawnDay], zone: str) -> list[str]:
    """The lines of a week, at most 72 characters wide."""
    hours = "".join(f"{hour:02d}    " for hour in range(0, 24, 3)).rstrip()
    lines = [f"{_RUNS} computes  {_PAUSES} pauses   time zone {zone}", f"{'':<11}{hours}"]
    for one in days:
        marks = "".join(_LEFT_OUT if cell is None else _RUNS if cell else _PAUSES for cell in one.cells)
        odd = "" if one.length_min == 1440 else f" of {one.length_min // 60}"
        label = f"{DAYS[one.day.weekday()]} {one.day.day:>2} {one.day:%b}"
        lines.append(f"{label:<11}{marks} {one.runs_min / 60:4.1f} h{odd}")
    return [*lines, f"{sum(one.runs_min for one in days) / 60:.1f} hours of the week"]


def _stated(one: DrawnDay) -> dict[str, object]:
    return {
        "day": one.day.isoformat(),
        "hours": one.length_min / 60,
        "running_hours": one.runs_min / 60,
        "half_hours": one.cells,
    }
