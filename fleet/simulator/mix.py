"""The mix of job types that is handed out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from fleet.simulator.errors import OptionError
from fleet.simulator.jobs import JOB_TYPE_NAMES, LIGHT_TYPES, draw_type


@dataclass(frozen=True, kw_only=True, slots=True)
class Mix:
    """Job types with their weights, and an initial sequence that is handed out before any are drawn."""

    #: weight by job type; empty: equal weights for every type of the dialect
    weights: Mapping[str, float] = field(default_factory=dict)
    #: job types handed out first, one by one
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for job_type in (*self.weights, *self.order):
            if job_type not in JOB_TYPE_NAMES:
                raise OptionError("mix", job_type, f"one of {', '.join(JOB_TYPE_NAMES)}")
        for job_type, weight in self.weights.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise OptionError(f"mix.{job_type}", weight, "0 or more")
        if self.weights and not any(self.weights.values()):
            raise OptionError("mix", dict(self.weights), "a mix with one weight above 0")


def parse_mix(text: str) -> Mix:
    """`all`, `light`, or `TYPE=WEIGHT,TYPE=WEIGHT` (a bare TYPE weighs 1)."""
    if text == "all":
        return Mix()
    if text == "light":
        return Mix(weights=dict.fromkeys(LIGHT_TYPES, 1.0))
    weights = {}
    for part in text.split(","):
        job_type, _, weight = part.partition("=")
        try:
            weights[job_type.strip()] = float(weight or 1)
        except ValueError as exc:
            raise OptionError("mix", part, "TYPE=WEIGHT with a number") from exc
    return Mix(weights=weights)


class TypeDraw:
    """Draws the next job type, from a mix and the dialect's own types."""

    def __init__(self, mix: Mix, dialect_types: Sequence[str]) -> None:
        weights = {name: weight for name, weight in mix.weights.items() if weight} or dict.fromkeys(dialect_types, 1.0)
        self._types = tuple(weights)
        self._cumulative = tuple(accumulate(weights.values()))
        self._order = iter(mix.order)

    def __call__(self, rng: Random) -> str:
        return next(self._order, None) or draw_type(rng, self._types, self._cumulative)
