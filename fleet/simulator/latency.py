"""The simulated network delay to the server and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from fleet.simulator.errors import OptionError


@dataclass(frozen=True, kw_only=True, slots=True)
class Delay:
    """An answer's delay in milliseconds: a fixed part, and up to `jitter_ms` more."""

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
    """The default delay, and the delays of individual endpoints."""

    #: default for all endpoints
    usual: Delay = Delay()
    #: by endpoint name
    endpoints: Mapping[str, Delay] = field(default_factory=dict)
    #: microseconds that each job since the server's start adds to every fetch, like the real servers' growing list
    fetch_growth_us: float = 0.0

    def draw_s(self, endpoint: str, rng: Random, *, jobs_so_far: int) -> float:
        """Seconds of delay for this request, beside the server's own work."""
        delay_s = self.endpoints.get(endpoint, self.usual).draw_s(rng)
        if self.fetch_growth_us and endpoint == "task":
            delay_s += self.fetch_growth_us * jobs_so_far / 1_000_000
        return delay_s
