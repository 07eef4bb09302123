"""The time by Redis's own clock, on which processes of different hosts agree however wrong their own clocks are."""

from __future__ import annotations

from time import monotonic

import redis

#: a clock that was read is carried on by this process's monotonic one for this long
_AGE_S = 30.0


class RedisClock:
    """Reads Redis's clock now and then."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self._read_at = float("-inf")

    def now(self, client: redis.Redis) -> float:
        """Unix time in seconds, as Redis has it; it is asked when the last answer is too old."""
        if monotonic() - self._read_at > _AGE_S:
            self.read(client)
        return monotonic() + self._ahead_s

    def read(self, client: redis.Redis) -> float:
        """Unix time in seconds, asked for now. Raises redis-py's errors."""
        seconds, microseconds = client.time()
        self._read_at = monotonic()
        stated = seconds + microseconds / 1_000_000
        self._ahead_s = stated - self._read_at
        return float(stated)
