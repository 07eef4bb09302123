"""How long the way to the server and back takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from fleet.simulator.errors import OptionError


@dataclass(frozen=True, kw_only=True, slots=True)
class Delay:
    """Milliseconds that an answer takes: a fixed part, and up to `jitter_ms` more."""

    fixed_ms: float = 0.0
    jitter_ms: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("fixed_ms", self.fixed_ms), ("jitter_ms", self.jitter_ms)):
            if not 0 <= value <= 3_600_000:
                raise OptionError(f"latency.{name}", value, "0 … 3,600,000 ms")

    def draw_s(self, rng: Random) -> float:
        """One delay in seconds."""
        return (self.fixed_ms + self.jitter_ms * rng.random()) / 1000 if self.fixed_ms or self.jitter_ms else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """The delay of every road, and of some roads of their own."""

    #: where nothing else is said
    usual: Delay = Delay()
    #: by road name
    roads: Mapping[str, Delay] = field(default_factory=dict)
    #: microseconds more at each fetch for each job handed out so far, as the real servers' list grows
    fetch_growth_us: float = 0.0

    def draw_s(self, road: str, rng: Random, *, jobs_so_far: int) -> float:
        """Seconds that this request takes, besides the work."""
        delay_s = self.roads.get(road, self.usual).draw_s(rng)
        if self.fetch_growth_us and road == "task":
            delay_s += self.fetch_growth_us * jobs_so_far / 1_000_000
        return delay_s
