"""The time by Redis's clock, which all hosts share however wrong their own clocks are."""

from __future__ import annotations

from time import monotonic

import redis

#: how long a reading is extended by this process's monotonic clock, in seconds
_AGE_S = 30.0


class RedisClock:
    """Reads Redis's clock from time to time."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self._read_at = float("-inf")

    def now(self, client: redis.Redis) -> float:
        """Unix time in seconds by Redis's clock, which is read again when the last reading is too old."""
        if monotonic() - self._read_at > _AGE_S:
            self.read(client)
        return monotonic() + self._ahead_s

    def read(self, client: redis.Redis) -> float:
        """Unix time in seconds, read from Redis now. Raises redis-py's errors."""
        seconds, microseconds = client.time()
        self._read_at = monotonic()
        stated = seconds + microseconds / 1_000_000
        self._ahead_s = stated - self._read_at
        return float(stated)
