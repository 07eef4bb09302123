"""Whether something runs at a moment by its hours of the week, and when that may change. Pure.

The clock of the time zone counts: on a day of 23 hours the hour that is left out counts nothing, on one of 25 hours the
hour that comes twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from config.hours import window_of
from fleet.domain.calendar import Calendar

_MINUTE_MS = 60_000
#: zones change their clocks at whole quarters of an hour
_QUARTER_MS = 15 * _MINUTE_MS
#: a week, and a day in which the clocks may change
_AHEAD_MS = 8 * 86_400_000


class Week:
    """The hours of the week in which something runs; without any, it always runs. Times are UTC milliseconds."""

    def __init__(self, hours: Iterable[str], calendar: Calendar) -> None:
        """Raises ValueError for a text that names no part of the week."""
        self._windows = tuple(window_of(text) for text in hours)
        self._calendar = calendar
        borders = {minute % 15 for window in self._windows for minute in (window.start_min, window.end_min)}
        #: minutes of a quarter at which it may change
        self._steps = sorted(borders | {0}) if self._windows else []

    def runs(self, ms: int) -> bool:
        """Whether it runs at this moment."""
        if not self._windows:
            return True
        local = self._calendar.local(ms)
        minute = local.hour * 60 + local.minute
        return any(window.holds(local.weekday(), minute) for window in self._windows)

    def next_change_ms(self, ms: int) -> int | None:
        """The first moment after `ms` at which it starts or stops running; None if it never does."""
        now = self.runs(ms)
        return next((at for at in self.borders_after(ms) if self.runs(at) is not now), None)

    def borders_after(self, ms: int) -> Iterator[int]:
        """The moments of the next eight days at which it may change, the earliest first."""
        first = ms // _QUARTER_MS * _QUARTER_MS
        for quarter in range(first, first + _AHEAD_MS, _QUARTER_MS):
            yield from (at for step in self._steps if (at := quarter + step * _MINUTE_MS) > ms)

    def borders_before(self, ms: int) -> Iterator[int]:
        """The moments of the last eight days, and this one, at which it may change, the latest first."""
        last = ms // _QUARTER_MS * _QUARTER_MS
        for quarter in range(last, last - _AHEAD_MS, -_QUARTER_MS):
            yield from (at for step in reversed(self._steps) if (at := quarter + step * _MINUTE_MS) <= ms)
