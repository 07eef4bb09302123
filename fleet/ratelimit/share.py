"""A miner's share of the limit: how many calls it may make unpaid before other miners go first. Pure."""

from __future__ import annotations

from collections import deque

#: smallest share, in calls: register, start a session, fetch, submit, and submit once more
_LEAST = 5


class Share:
    """The calls of one miner since it was last rewarded. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()

    def called(self, now: float) -> None:
        """Record an outgoing call."""
        self._calls.append(now)

    def rewarded(self) -> None:
        """Start counting again: a payment was booked, or a heartbeat was answered."""
        self._calls.clear()

    def free_at(self, most: float, window_s: float, now: float) -> float:
        """When fewer than `most` of these calls are within the window; `-inf` if that is already so."""
        while self._calls and self._calls[0] <= now - window_s:
            self._calls.popleft()
        beyond = len(self._calls) - max(int(most), _LEAST)
        return self._calls[beyond] + window_s if beyond >= 0 else float("-inf")
