"""Decides when a worker host pauses by its own limits: hours, battery, heat, other programs. Pure.

A limit that is exceeded for a moment changes nothing, and one that is kept again has to stay so for a while, so that a
host doesn't switch to and fro.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.hours import Window

#: degrees below the limit at which a host that was hot goes on, and the share of the limit for other programs
_COOLER_C, _CALMER = 5.0, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Readings:
    """What a host's sensors say; None where it has none."""

    on_battery: bool | None = None
    hottest_c: float | None = None
    #: percent of the CPU that other programs use
    foreign_percent: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """A host's limits; each default limits nothing."""

    hours: Sequence[Window] = ()
    on_battery: bool = True
    hot_c: float | None = None
    busy_percent: float | None = None
    #: seconds that a reading must last before it counts
    after_s: float = 60.0

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return bool(self.hours) or not self.on_battery or self.hot_c is not None or self.busy_percent is not None


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

    def reason(self, readings: Readings, now: float) -> str:
        """Why the host pauses now, in words."""
        limits, reasons = self._limits, []
        if limits.hours and not self._in_hours():
            reasons.append("outside limits.hours")
        if not limits.on_battery and readings.on_battery:
            reasons.append("it runs on its battery")
        if limits.hot_c is not None and self._is_hot(limits.hot_c, readings.hottest_c, now):
            reasons.append(f"it is hot: {readings.hottest_c:.0f} °C, limits.hot_c is {limits.hot_c:g}")
        if limits.busy_percent is not None and self._is_busy(limits.busy_percent, readings.foreign_percent, now):
            reasons.append(f"other programs use {readings.foreign_percent:.0f} % of its CPU")
        return " and ".join(reasons)

    def _in_hours(self) -> bool:
        local = self._local()
        minute = local.hour * 60 + local.minute
        return any(window.holds(local.weekday(), minute) for window in self._limits.hours)

    def _is_hot(self, limit: float, found: float | None, now: float) -> bool:
        return found is not None and self._hot.look(found >= limit - (_COOLER_C if self._hot.holds else 0), now)

    def _is_busy(self, limit: float, found: float | None, now: float) -> bool:
        return found is not None and self._busy.look(found > limit * (_CALMER if self._busy.holds else 1), now)
