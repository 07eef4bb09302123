"""Stretches of the past that a chart shows, and what was paid in their steps. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of the past that ends now, in minutes or hours of UTC, or in days of a calendar."""

    #: in the page's address and on its button
    name: str
    #: its steps, in words
    unit: str
    #: length of a step; a day lasts 23 to 25 hours
    step_ms: int
    steps: int
    #: most steps that one reading takes
    at_once: int
    #: seconds between two readings of the newest steps
    every_s: float
    by_day: bool = False

    def number(self, ms: int, calendar: Calendar) -> int:
        """Number of the step that a moment belongs to; each is one more than the step before."""
        return calendar.day(ms).toordinal() if self.by_day else ms // self.step_ms

    def start_ms(self, number: int, calendar: Calendar) -> int:
        """The first moment of a step, in UTC milliseconds."""
        return calendar.start_ms(date.fromordinal(number)) if self.by_day else number * self.step_ms

    def first(self, now_ms: int, calendar: Calendar) -> int:
        """Number of the first step of the span that ends now."""
        return self.number(now_ms, calendar) - self.steps + 1


HOUR = Span(name="1 h", unit="minute", step_ms=60_000, steps=60, at_once=5, every_s=5.0)
DAY = Span(name="24 h", unit="hour", step_ms=3_600_000, steps=24, at_once=6, every_s=15.0)
MONTH = Span(name="30 d", unit="day", step_ms=86_400_000, steps=30, at_once=1, every_s=60.0, by_day=True)
SPANS = (HOUR, DAY, MONTH)


def span_named(name: str | None) -> Span:
    """The span of this name; the shortest where there is none."""
    return next((one for one in SPANS if one.name == name), SPANS[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidStep:
    """What was paid in one step."""

    #: NNET by miner, and by the server's name in the ledger
    miners: Mapping[str, Decimal]
    servers: Mapping[str, Decimal]
    #: number of paid jobs
    jobs: int
    #: when it was read from the ledger, in UTC milliseconds
    read_ms: int = 0
    #: NNET of all miners, which each chart of the farm shows
    nnet: Decimal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nnet", sum(self.miners.values(), ZERO))
