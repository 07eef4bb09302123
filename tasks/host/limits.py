"""Decides when a worker host pauses by its own limits: hours, battery, heat, other programs, somebody at it. Pure.

A limit that is exceeded for a moment changes nothing, and one that is kept again has to stay so for a while, so that a
host doesn't switch to and fro.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.hours import DAYS, Window

#: degrees below the limit at which a host that was hot goes on, and the share of the limit for other programs
_COOLER_C, _CALMER = 5.0, 0.5
#: a week, and a day in which the clocks may change, in minutes
_AHEAD_MIN = 8 * 1440


@dataclass(frozen=True, kw_only=True, slots=True)
class Readings:
    """What a host's sensors say; None where it has none."""

    on_battery: bool | None = None
    hottest_c: float | None = None
    #: percent of the CPU that other programs use
    foreign_percent: float | None = None
    #: seconds since somebody typed or moved the mouse
    untouched_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """A host's limits; each default limits nothing."""

    hours: Sequence[Window] = ()
    on_battery: bool = True
    hot_c: float | None = None
    busy_percent: float | None = None
    #: seconds that a reading must last before it counts
    after_s: float = 60.0
    #: seconds without input before it computes
    idle_s: float | None = None
    #: seconds that it computes before other programs pause it, and that it pauses before it goes on
    least_on_s: float = 0.0
    least_off_s: float = 0.0

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return (
            bool(self.hours)
            or not self.on_battery
            or self.hot_c is not None
            or self.busy_percent is not None
            or self.idle_s is not None
        )


class _Lasting:
    """A condition that counts once it has lasted, and is over once it has been over for as long."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self.holds = False
        self._since: float | None = None

    def look(self, exceeded: bool, now: float) -> bool:
        """Whether the condition counts at the monotonic time `now`."""
        if exceeded is self.holds:
            self._since = None
        else:
            self._since = now if self._since is None else self._since
            if now - self._since >= self._after_s:
                self.holds, self._since = exceeded, None
        return self.holds


class HostLimits:
    """Says why a host pauses. Times are monotonic seconds; `local` is the clock of the hours' time zone."""

    def __init__(self, limits: Limits, local: Callable[[], datetime]) -> None:
        self._limits, self._local = limits, local
        self._hot, self._busy = _Lasting(limits.after_s), _Lasting(limits.after_s)
        #: since when it computes, or pauses for a reason that a least pause belongs to; None while it doesn't
        self._on_since: float | None = None
        self._off_since: float | None = None
        #: the last reason that a least pause belongs to
        self._last = ""
        #: the minute in which was last looked up when its hours begin, and that in words
        self._begin: tuple[datetime, str] | None = None

    def reason(self, readings: Readings, now: float) -> str:
        """Why the host pauses now, in words."""
        hours, at_once, busy = self._hours(), self._at_once(readings, now), self._programs(readings, now)
        if self._on_since is not None and now - self._on_since < self._limits.least_on_s:
            busy = ""
        sensed = " and ".join(filter(None, (*at_once, busy)))
        if sensed:
            self._off_since = now if self._off_since is None else self._off_since
            self._last = sensed
        elif self._off_since is not None:
            if now - self._off_since < self._limits.least_off_s:
                sensed = f"it pauses for {self._limits.least_off_s:g} s at least, since {self._last}"
            else:
                self._off_since = None
        found = " and ".join(filter(None, (hours, sensed)))
        if found:
            self._on_since = None
        elif self._on_since is None:
            self._on_since = now
        return found

    def _at_once(self, readings: Readings, now: float) -> list[str]:
        """The reasons that no least time of computing holds up."""
        limits, reasons = self._limits, []
        if not limits.on_battery and readings.on_battery:
            reasons.append("it runs on its battery")
        if limits.hot_c is not None and self._is_hot(limits.hot_c, readings.hottest_c, now):
            reasons.append(f"it is hot: {readings.hottest_c:.0f} °C, limits.hot_c is {limits.hot_c:g}")
        if limits.idle_s is not None and readings.untouched_s is not None and readings.untouched_s < limits.idle_s:
            reasons.append(f"somebody has used it in the last {limits.idle_s:g} s")
        return reasons

    def _programs(self, readings: Readings, now: float) -> str:
        limit = self._limits.busy_percent
        if limit is None or not self._is_busy(limit, readings.foreign_percent, now):
            return ""
        return f"other programs use {readings.foreign_percent:.0f} % of its CPU"

    def _hours(self) -> str:
        """Why its hours let it not compute: it begins in them only if they last for long enough."""
        if not self._limits.hours:
            return ""
        local = self._local()
        if not self._in_hours(local):
            return f"outside limits.hours{self._until(local)}"
        if self._on_since is not None:
            return ""
        # whole minutes, so that hours which are just long enough are, also a moment after their begin
        begun = local.astimezone(UTC)
        ahead = (begun + timedelta(minutes=minute) for minute in range(math.ceil(self._limits.least_on_s / 60)))
        if all(self._in_hours(at.astimezone(local.tzinfo)) for at in ahead):
            return ""
        return f"limits.hours end in less than limits.least_on_s, {self._limits.least_on_s:g} s"

    def _until(self, local: datetime) -> str:
        """When its hours begin, in words; looked up once a minute."""
        minute = local.replace(second=0, microsecond=0)
        if self._begin is None or self._begin[0] != minute:
            start = minute.astimezone(UTC)
            ahead = ((start + timedelta(minutes=one)).astimezone(local.tzinfo) for one in range(1, _AHEAD_MIN))
            begin = next((at for at in ahead if self._in_hours(at)), None)
            text = "" if begin is None else f" until {DAYS[begin.weekday()]} {begin:%H:%M}"
            self._begin = (minute, text)
        return self._begin[1]

    def _in_hours(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        return any(window.holds(local.weekday(), minute) for window in self._limits.hours)

    def _is_hot(self, limit: float, found: float | None, now: float) -> bool:
        return found is not None and self._hot.look(found >= limit - (_COOLER_C if self._hot.holds else 0), now)

    def _is_busy(self, limit: float, found: float | None, now: float) -> bool:
        return found is not None and self._busy.look(found > limit * (_CALMER if self._busy.holds else 1), now)
