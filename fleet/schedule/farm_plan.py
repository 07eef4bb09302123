"""Decides whether the farm mines at a moment by its schedule, and says why not. Pure.

The answer depends on the moment and the known prices alone, never on what came before, so a restart changes nothing.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass
from decimal import Decimal

from config.hours import DAYS
from config.schedule_section import ScheduleSettings
from fleet.domain.calendar import Calendar
from fleet.schedule.prices import PriceList
from fleet.schedule.week import Week


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceRule:
    """What power may cost while the farm mines."""

    #: for one kWh, in the unit of the prices
    most: Decimal
    #: whether the farm mines while no price is known
    unknown_mines: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A time during which the reason stays the same, in UTC milliseconds."""

    #: when it starts and ends; None for one outside the days that are looked at
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

    def __init__(self, week: Week, calendar: Calendar, least_on_s: float, rule: PriceRule | None = None) -> None:
        """The farm never begins to mine for less than `least_on_s` seconds. Without a rule, prices don't matter."""
        self._week, self._calendar, self._least_ms, self._rule = week, calendar, round(least_on_s * 1000), rule
        self._prices = PriceList()
        #: prices may come from another thread
        self._lock = threading.Lock()
        self._last: Stretch | None = None

    def learn(self, prices: PriceList) -> None:
        """Take in newer prices; past ones are kept."""
        with self._lock:
            self._prices = prices.after(self._prices)
            self._last = None

    def runs(self, ms: int) -> bool:
        """Whether the farm mines at this moment."""
        return not self.reason(ms)

    def reason(self, ms: int) -> str:
        """Why the farm does not mine at this moment; empty if it does."""
        with self._lock:
            if self._last is None or not self._last.holds(ms):
                self._last = self._stretch(ms)
            return self._last.reason

    def _stretch(self, ms: int) -> Stretch:
        blocked = self._blocked(ms)
        if not self._week.runs(ms):
            return Stretch(start_ms=ms, end_ms=self._week.next_change_ms(ms), reason=blocked)
        borders = heapq.merge(self._week.borders_after(ms), self._prices.borders_after(ms))
        end = next((at for at in borders if self._blocked(at) != blocked), None)
        if blocked:
            return Stretch(start_ms=ms, end_ms=end, reason=blocked)
        start = self._start(ms)
        if start is not None and end is not None and end - start < self._least_ms:
            least = f"schedule.least_on_s is {self._least_ms / 1000:g}"
            return Stretch(
                start_ms=start, end_ms=end, reason=f"it could mine until {self._clock(end)} only, and {least}"
            )
        return Stretch(start_ms=start, end_ms=end, reason="")

    def _start(self, ms: int) -> int | None:
        """Since when neither hours nor price have forbidden mining."""
        borders = heapq.merge(self._week.borders_before(ms), self._prices.borders_before(ms), reverse=True)
        return next((at for at in borders if self._blocked(at - 1)), None)

    def _blocked(self, ms: int) -> str:
        """Why hours or price forbid mining at this moment; empty if they don't."""
        if not self._week.runs(ms):
            begins = self._week.next_change_ms(ms)
            return f"outside its hours{'' if begins is None else f' until {self._clock(begins)}'}"
        if self._rule is None:
            return ""
        price = self._prices.at(ms)
        if price is None:
            return "" if self._rule.unknown_mines else "no price of power is known"
        # without the price, so that the reason stays the same while it changes
        return f"power costs more than {self._rule.most:f} a kWh" if price > self._rule.most else ""

    def _clock(self, ms: int) -> str:
        """A moment by the clock, the same at whatever time it is asked: `mon 22:00`."""
        local = self._calendar.local(ms)
        return f"{DAYS[local.weekday()]} {local:%H:%M}"


def farm_plan(schedule: ScheduleSettings, calendar: Calendar) -> FarmPlan:
    """The plan that the settings name; without hours and a highest price, the farm always mines."""
    rule = None
    if schedule.price_max is not None:
        rule = PriceRule(most=Decimal(str(schedule.price_max)), unknown_mines=schedule.price_unknown == "mine")
    return FarmPlan(Week(schedule.hours, calendar), calendar, schedule.least_on_s, rule)


def hours_plan(schedule: ScheduleSettings, calendar: Calendar) -> FarmPlan:
    """The plan that the settings name, whatever power costs."""
    return FarmPlan(Week(schedule.hours, calendar), calendar, schedule.least_on_s)
