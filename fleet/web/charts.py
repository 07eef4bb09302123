"""The geometry of the charts that the pages draw as SVG: bars over time, and a waterfall. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from fleet.domain.amounts import ZERO
from fleet.status.snapshot import LossRow

#: width and height of a chart's coordinates; the page stretches them
WIDTH, HEIGHT = 1000.0, 200.0
#: share of a bar's place that the bar fills
_FILLED = 0.8
#: least height of a bar that is not zero, so that it can be seen
_LEAST = 1.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar: its place in the chart's coordinates."""

    x: float
    y: float
    width: float
    height: float

    @property
    def place(self) -> Markup:
        """The same as attributes of SVG."""
        made = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"'
        return Markup(made)  # noqa: S704 - numbers only


@dataclass(frozen=True, kw_only=True, slots=True)
class LossStep:
    """One step of a waterfall: a part of the whole, drawn behind the parts before it."""

    name: str
    jobs: int
    amount: Decimal
    #: where it begins and how long it is, in percent of the whole
    start: float
    length: float


def bars(values: Sequence[float | None], most: float = 0.0) -> tuple[list[Bar | None], float]:
    """A bar for each value from left to right, None where the value is unknown, and the value at the chart's top.

    `most` is the largest value of other charts that have the same scale.
    """
    top = ceiling(max([most, *(value for value in values if value is not None)]))
    place = WIDTH / max(len(values), 1)
    return [None if value is None else _bar(number, value / top, place) for number, value in enumerate(values)], top


def ceiling(value: float) -> float:
    """The smallest of 1, 2, 5, 10, … times a power of ten that is not below `value`; 1 for nothing."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= value * (1 - 1e-9))


def waterfall(losses: Sequence[LossRow]) -> list[LossStep]:
    """The losses by cause, the largest first, each beginning where the one before ends."""
    whole = sum((row.amount for row in losses), ZERO)
    steps, start = [], 0.0
    for row in sorted(losses, key=lambda one: (-one.amount, one.cause)):
        length = float(row.amount) / float(whole) * 100 if whole else 0.0
        steps.append(LossStep(name=row.cause, jobs=row.jobs, amount=row.amount, start=start, length=length))
        start += length
    return steps


def _bar(number: int, share: float, place: float) -> Bar:
    height = max(share * HEIGHT, _LEAST) if share > 0 else 0.0
    width = place * _FILLED
    return Bar(
        x=round(number * place + (place - width) / 2, 2),
        y=round(HEIGHT - height, 2),
        width=round(width, 2),
        height=round(height, 2),
    )
