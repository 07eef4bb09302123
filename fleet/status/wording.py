"""Figures of a snapshot as people read them: rates, times and durations. Pure, but for the day that it is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

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


def clock(at: str | None) -> str:
    """The time of day of a time in ISO 8601, with the date if it is another day, in UTC."""
    if at is None:
        return "never"
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return at[11:19] if at.startswith(today) else at[:16].replace("T", " ")


def ago(age_s: float | None) -> str:
    """How long ago something was."""
    return "now" if age_s is None or age_s <= _NOW_S else f"{span(age_s)} ago"


def span(seconds: float) -> str:
    """A duration in its largest unit."""
    for unit_s, name in _SPANS:
        if seconds >= unit_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} s"
