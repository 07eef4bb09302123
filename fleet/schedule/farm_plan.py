"""Decides whether the farm mines at a moment by its schedule, and says why not. Pure.

The answer depends on the moment alone, never on what came before, so a restart changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.hours import DAYS
from config.schedule_section import ScheduleSettings
from fleet.domain.calendar import Calendar
from fleet.schedule.week import Week


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A time during which the hours stay the same, in UTC milliseconds."""

    #: None where it has no begin or no end within eight days
    start_ms: int | None
    end_ms: int | None
    #: why the farm does not mine; empty while it does
    reason: str

    def holds(self, ms: int) -> bool:
        """Whether a moment is in it."""
        after = self.start_ms is None or self.start_ms <= ms
        return after and (self.end_ms is None or ms < self.end_ms)


class FarmPlan:
    """The farm's schedule. Times are UTC milliseconds."""

    def __init__(self, week: Week, calendar: Calendar, least_on_s: float) -> None:
        """The farm never begins to mine for less than `least_on_s` seconds."""
        self._week, self._calendar, self._least_ms = week, calendar, round(least_on_s * 1000)
        self._last: Stretch | None = None

    def runs(self, ms: int) -> bool:
        """Whether the farm mines at this moment."""
        return not self.reason(ms)

    def reason(self, ms: int) -> str:
        """Why the farm does not mine at this moment; empty if it does."""
        if self._last is None or not self._last.holds(ms):
            self._last = self._stretch(ms)
        return self._last.reason

    def _stretch(self, ms: int) -> Stretch:
        on, end = self._week.runs(ms), self._week.next_change_ms(ms)
        start = None if end is None else self._start(ms, on)
        reason = ""
        if not on:
            reason = f"outside schedule.hours{'' if end is None else f' until {self._clock(end)}'}"
        elif start is not None and end is not None and end - start < self._least_ms:
            reason = f"its hours end at {self._clock(end)}, and schedule.least_on_s is {self._least_ms / 1000:g}"
        return Stretch(start_ms=start, end_ms=end, reason=reason)

    def _start(self, ms: int, on: bool) -> int | None:
        """When the stretch of this moment began."""
        return next((at for at in self._week.borders_before(ms) if self._week.runs(at - 1) is not on), None)

    def _clock(self, ms: int) -> str:
        """A moment by the clock, the same at whatever time it is asked: `mon 22:00`."""
        local = self._calendar.local(ms)
        return f"{DAYS[local.weekday()]} {local:%H:%M}"


def farm_plan(schedule: ScheduleSettings, calendar: Calendar) -> FarmPlan:
    """The plan that the settings name; without hours, the farm always mines."""
    return FarmPlan(Week(schedule.hours, calendar), calendar, schedule.least_on_s)
