"""Whether a host computes at a moment by its hours of the week, when that changes, and how a week looks. Pure.

The clock of the time zone counts: on a day of 23 hours the hour that is left out counts nothing, on one of 25 hours the
hour that comes twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from config.hours import window_of
from fleet.domain.calendar import Calendar

_MINUTE_MS = 60_000
#: zones change their clocks at whole quarters of an hour
_QUARTER_MS = 15 * _MINUTE_MS
#: a week, and a day in which the clocks may change
_AHEAD_MS = 8 * 86_400_000
CELLS = 48


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnDay:
    """One day of a week that is drawn."""

    day: date
    #: length of the day in minutes: 1,380 or 1,500 when the clocks are changed
    length_min: int
    #: minutes that are running
    runs_min: int
    #: for each half hour of the clock whether it is running; None where the clock leaves it out
    cells: tuple[bool | None, ...]


class Week:
    """The hours of the week in which it runs. Without any, it always does. Times are UTC milliseconds."""

    def __init__(self, hours: Iterable[str], calendar: Calendar) -> None:
        """Raises ValueError for a text that names no part of the week."""
        self._windows = tuple(window_of(text) for text in hours)
        self._calendar = calendar

    def runs(self, ms: int) -> bool:
        """Whether it runs at this moment."""
        if not self._windows:
            return True
        local = self._calendar.local(ms)
        minute = local.hour * 60 + local.minute
        return any(window.holds(local.weekday(), minute) for window in self._windows)

    def next_change_ms(self, ms: int) -> int | None:
        """The first moment after `ms` at which it begins or ends to run; None if it never does."""
        now = self.runs(ms)
        return next((at for at in self._candidates(ms) if self.runs(at) is not now), None)

    def day(self, day: date) -> DrawnDay:
        """How one day looks."""
        start, length = self._calendar.start_ms(day), self._calendar.length_ms(day)
        running = [(at, self.runs(at)) for at in range(start, start + length, _MINUTE_MS)]
        cells: list[bool | None] = [None] * CELLS
        for at, runs in running:
            local = self._calendar.local(at)
            cell = (local.hour * 60 + local.minute) // 30
            cells[cell] = bool(cells[cell]) or runs
        return DrawnDay(
            day=day,
            length_min=length // _MINUTE_MS,
            runs_min=sum(runs for _, runs in running),
            cells=tuple(cells),
        )

    def days(self, first: date) -> list[DrawnDay]:
        """How seven days look."""
        return [self.day(first + timedelta(days=number)) for number in range(7)]

    def _candidates(self, ms: int) -> Iterator[int]:
        """The moments at which it may change: by the minute in quarters with a border, else by the quarter."""
        borders = {minute % 15 for window in self._windows for minute in (window.start_min, window.end_min)}
        steps = sorted(borders | {0})
        first = ms // _QUARTER_MS * _QUARTER_MS
        for quarter in range(first, first + _AHEAD_MS, _QUARTER_MS):
            yield from (at for step in steps if (at := quarter + step * _MINUTE_MS) > ms)
