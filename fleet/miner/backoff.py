"""Exponential backoff with jitter: how long the wait after the n-th failure in a row is. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Doubling waits between a floor and a cap, in seconds. Jitter shortens each wait by up to half."""

    floor_s: float = 1.0
    cap_s: float = 60.0

    def delay_s(self, failures: int, rng: random.Random) -> float:
        """Seconds to wait after the `failures`-th failure in a row (1, 2, …), from the floor to the cap."""
        full = min(self.cap_s, self.floor_s * 2.0 ** min(failures, 30))
        return max(self.floor_s, full * (0.5 + 0.5 * rng.random()))
