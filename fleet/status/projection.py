"""Projects the income of a whole day: what was booked so far, and an estimate of the rest. Pure; never booked."""

from __future__ import annotations

import math
from decimal import Decimal

from fleet.status.recent import MINUTES
from fleet.status.snapshot import Projection


def projected(
    today: Decimal | None,
    rest_s: float,
    *,
    expected: tuple[float, float] | None,
    recent: tuple[int, Decimal],
    recent_s: float,
) -> Projection | None:
    """The whole day in NNET and its range; None while today's sum or the rate of income is unknown.

    `rest_s` is how many seconds the day still has.
    `expected` is the income that the model expects, in NNET a second, with its relative error; without one, it is
    estimated from the number and the NNET of the `recent` payments of `recent_s` seconds.
    """
    if today is None:
        return None
    if expected is not None:
        rate, error = expected
        by = "income model"
    elif recent[0] > 0:
        rate, error = float(recent[1]) / recent_s, 1 / math.sqrt(recent[0])
        by = f"last {MINUTES} minutes"
    else:
        return None
    so_far, rest = float(today), rate * rest_s
    return Projection(
        nnet=so_far + rest, low=so_far + rest * max(1 - error, 0.0), high=so_far + rest * (1 + error), by=by
    )
