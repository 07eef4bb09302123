"""What a miner may ask for nothing, before it has to let the others go first: its share of the limit. Pure."""

from __future__ import annotations

from collections import deque

#: register, open a session, fetch and submit with one more attempt are always within a share
_LEAST = 5


class Share:
    """Remembers the calls since the last one that brought something. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()

    def called(self, now: float) -> None:
        """A call goes out."""
        self._calls.append(now)

    def rewarded(self) -> None:
        """A payment was booked, or a heartbeat was answered."""
        self._calls.clear()

    def free_at(self, most: float, window_s: float, now: float) -> float:
        """When less than `most` of these calls are within the window, `-inf` where that is so now."""
        while self._calls and self._calls[0] <= now - window_s:
            self._calls.popleft()
        beyond = len(self._calls) - max(int(most), _LEAST)
        return self._calls[beyond] + window_s if beyond >= 0 else float("-inf")
