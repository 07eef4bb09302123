"""Figures of a snapshot as people read them: rates, times and durations. Pure, but for the day that it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from fleet.domain.calendar import UTC_NAME, Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.money.readable import NOT_STATED, readable

#: seconds up to which an age is shown as of now
_NOW_S = 1.5
_SPANS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def nnet(amount: Decimal | int | None) -> str:
    """An amount with its unit."""
    return NOT_STATED if amount is None else f"{readable(amount)} NNET"


def short(value: float | Decimal) -> str:
    """An estimate or a rate with four digits, or all before the point."""
    number = float(value)
    return f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.0f}"


def cost(nnet_per_day: float | Decimal | None) -> str:
    """What a day of something wrong costs, if that is known."""
    return "" if nnet_per_day is None else f", about {short(nnet_per_day)} NNET a day"


def calendar_of(figures: Mapping[str, Any]) -> Calendar:
    """The calendar of a farm's figures, by which all of its times are shown."""
    return Calendar(str(figures["earnings"].get("time_zone") or UTC_NAME))


def clock(at: str | None, calendar: Calendar) -> str:
    """The time of day of a time in ISO 8601, with the date if it is another day, by the clock of the calendar."""
    if at is None:
        return "never"
    local = calendar.local(_ms(at))
    return f"{local:%H:%M:%S}" if local.date() == calendar.day(wall_ms()) else f"{local:%Y-%m-%d %H:%M}"


def dated(at: str | None, calendar: Calendar) -> str:
    """A time in ISO 8601 to the second, with its date and the name of the calendar's time zone."""
    return "never" if at is None else moment(_ms(at), calendar)


def moment(ms: int, calendar: Calendar) -> str:
    """The same of a time in UTC milliseconds."""
    return f"{calendar.local(ms):%Y-%m-%d %H:%M:%S} {calendar.name}"


def _ms(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def ago(age_s: float | None) -> str:
    """How long ago something was."""
    return "now" if age_s is None or age_s <= _NOW_S else f"{span(age_s)} ago"


def span(seconds: float) -> str:
    """A duration in its largest unit."""
    for unit_s, name in _SPANS:
        if seconds >= unit_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} s"
