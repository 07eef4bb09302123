"""Days and time zones on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps

import click

from config.time_zones import zone_name

#: the days that a command takes: times before 1970 are negative, and calendars end in the year 9999
_FIRST, _LAST = date(1970, 1, 1), date(9998, 12, 31)


class Day(click.ParamType[date]):
    """A day of the calendar, as 2026-11-26."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day."""
        text = str(value).strip()
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r:.80} is not a day; try 2026-11-26", param, ctx)
        if not _FIRST <= day <= _LAST:
            self.fail(f"{text!r} is out of range; name a day from {_FIRST} to {_LAST}", param, ctx)
        return day


class Zone(click.ParamType[str]):
    """The name of a time zone."""

    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as the database has it."""
        try:
            return zone_name(str(value))
        except ValueError as exc:
            self.fail(f"{str(value)!r} {exc}", param, ctx)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The days that a report covers."""

    #: name of their time zone; None for that of the settings
    zone: str | None
    #: the first and the last day, both included; None for no bound
    days: tuple[date | None, date | None]

    @property
    def bounded(self) -> bool:
        """Whether the report covers a part of what is known."""
        return self.days != (None, None)

    def stated(self) -> dict[str, str | None]:
        """The bounds for JSON."""
        first, last = (None if day is None else day.isoformat() for day in self.days)
        return {"from": first, "to": last}


def with_period(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options --tz, --from and --to, which become the parameter `period` of `command`."""

    @click.option("--tz", type=Zone(), help="Time zone of days, e.g. Europe/Berlin; unset: that of the settings.")
    @click.option("--from", "first", type=Day(), help="Count from this day on, e.g. 2026-11-01.")
    @click.option("--to", "last", type=Day(), help="Count up to this day, and all of it.")
    @wraps(command)
    def added(*, tz: str | None, first: date | None, last: date | None, **others: object) -> None:
        command(period=Period(zone=tz, days=(first, last)), **others)

    return added
