"""The limit of requests per client address."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from fleet.simulator.errors import OptionError


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit:
    """A number of requests from one address per window."""

    #: number of requests in a window; 0 = no limit
    requests: int = 5000
    #: length of the window in seconds
    window_s: float = 60.0

    def __post_init__(self) -> None:
        if self.requests < 0:
            raise OptionError("rate_limit.requests", self.requests, "0 or more")
        if not self.window_s > 0:
            raise OptionError("rate_limit.window_s", self.window_s, "more than 0 seconds")


class SlidingWindow:
    """A sliding window for each address; refused requests don't count in it."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._admitted: dict[str, deque[float]] = {}

    def admit(self, address: str, now_s: float) -> bool:
        """Count a request from `address` at `now_s` (monotonic seconds). Returns False where the limit refuses it."""
        if not self._limit.requests:
            return True
        times = self._admitted.setdefault(address, deque())
        self._slide(times, now_s)
        if len(times) >= self._limit.requests:
            return False
        times.append(now_s)
        return True

    def used(self, now_s: float) -> float:
        """The used share of the busiest address's window, 0 … 1. Drops idle addresses."""
        if not self._limit.requests:
            return 0.0
        for times in self._admitted.values():
            self._slide(times, now_s)
        self._admitted = {address: times for address, times in self._admitted.items() if times}
        return max(map(len, self._admitted.values()), default=0) / self._limit.requests

    def _slide(self, times: deque[float], now_s: float) -> None:
        oldest_s = now_s - self._limit.window_s
        while times and times[0] <= oldest_s:
            times.popleft()
