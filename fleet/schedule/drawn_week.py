"""A week as it is drawn: whether something runs, for each half hour of each day. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from fleet.domain.calendar import Calendar

_MINUTE_MS = 60_000
_CELLS = 48


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnDay:
    """One day of a week that is drawn."""

    day: date
    #: length of the day in minutes: 1,380 or 1,500 when the clocks are changed
    length_min: int
    #: number of its minutes in which it runs
    runs_min: int
    #: for each half hour of the clock whether it runs; None for one that the clock skips
    cells: tuple[bool | None, ...]


def drawn_day(runs: Callable[[int], bool], calendar: Calendar, day: date) -> DrawnDay:
    """How one day looks; `runs` says whether it runs at a moment in UTC milliseconds."""
    start, length = calendar.start_ms(day), calendar.length_ms(day)
    running = [(at, runs(at)) for at in range(start, start + length, _MINUTE_MS)]
    cells: list[bool | None] = [None] * _CELLS
    for at, on in running:
        local = calendar.local(at)
        cell = (local.hour * 60 + local.minute) // 30
        cells[cell] = bool(cells[cell]) or on
    return DrawnDay(day=day, length_min=length // _MINUTE_MS, runs_min=sum(on for _, on in running), cells=tuple(cells))


def drawn_week(runs: Callable[[int], bool], calendar: Calendar, first: date) -> list[DrawnDay]:
    """How seven days look."""
    return [drawn_day(runs, calendar, first + timedelta(days=number)) for number in range(7)]
