"""Writes amounts, rates, counts, times and ages as the pages show them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from markupsafe import Markup

from fleet.domain.calendar import Calendar
from fleet.money.readable import NOT_STATED, aligned, readable

#: what a cell shows in place of an unknown figure
UNKNOWN = "–"
#: a digit's width and a point's width, which line up the points of a right-aligned column
_DIGIT, _POINT = "\u2007", "\u2008"
_SPANS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def nnet(amount: Decimal | int | None) -> str:
    """An amount with at most six decimals and grouped thousands; `not stated` for None."""
    return NOT_STATED if amount is None else _grouped(readable(amount))


def nnet_column(amounts: Sequence[Decimal | int | None]) -> list[Markup]:
    """The cells of a column of amounts, right-aligned with their points below each other."""
    return [Markup(_padded(text)) for text in aligned(amounts)]  # noqa: S704 - digits and spaces only


def estimate(value: float | Decimal | None) -> str:
    """A rate or an estimate with four digits, or all digits before the point."""
    if value is None:
        return UNKNOWN
    number = float(value)
    # trailing zeros stay, so that the figures of a column have one precision
    return f"{number:,.0f}" if number == 0 or abs(number) >= 1000 else f"{number:#.4g}"


def axis(value: float) -> str:
    """A number beside the axis of a chart: all digits before the point, and those behind it that are needed."""
    return f"{value:,.0f}" if value >= 1000 else f"{Decimal(f'{value:.10g}'):f}"


def count(value: int | None) -> str:
    """A number of things."""
    return UNKNOWN if value is None else f"{value:,}"


def moment(ms: int | None, calendar: Calendar) -> str:
    """A time to the second by the clock of the calendar; `never` for None."""
    return "never" if ms is None else f"{calendar.local(ms):%Y-%m-%d %H:%M:%S}"


def stamped(at: str, calendar: Calendar) -> str:
    """The same of a time in ISO 8601."""
    return moment(int(datetime.fromisoformat(at).timestamp() * 1000), calendar)


def clock(ms: int, calendar: Calendar) -> str:
    """A time of day by the clock of the calendar."""
    return f"{calendar.local(ms):%H:%M:%S}"


def ago(ms: int | None, now_ms: int) -> str:
    """The time since a moment; `never` for None. A moment in the future, as after a jump of the clock, is `now`."""
    if ms is None:
        return "never"
    seconds = (now_ms - ms) / 1000
    return "now" if seconds < 1 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """A duration in its largest unit."""
    for unit_s, name in _SPANS:
        if seconds >= unit_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} s"


def _grouped(text: str) -> str:
    whole, point, tail = text.partition(".")
    return f"{int(whole):,}{point}{tail}" if whole.lstrip("-").isdecimal() and int(whole) else text


def _padded(text: str) -> str:
    if text == NOT_STATED:
        return UNKNOWN
    shown = text.rstrip(" ")
    missing = len(text) - len(shown)
    whole = "." not in shown
    padding = (_POINT + _DIGIT * (missing - 1)) if missing and whole else _DIGIT * missing
    # an amount that is too small for six decimals is shown as a bound
    return _grouped(shown).replace("<", "&lt;").replace(">", "&gt;") + padding
