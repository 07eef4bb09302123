"""When the server counted each request of a window, and when a sliding window has room again. Pure."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right, insort
from collections.abc import Iterable

#: the window is assumed longer by this fraction and these seconds, since a request arrives a little after it was sent
_SKEW, _SKEW_S = 0.005, 0.02
#: how much history is kept, in seconds: longer than any window that a server is known to use
_MEMORY_S = 1000.0
#: most requests remembered beyond those of the believed window, at 8 bytes each
_MOST_REMEMBERED = 500_000


class RequestLog:
    """The estimated times at which the server counted requests. Times are monotonic seconds."""

    def __init__(self, times: Iterable[float] = ()) -> None:
        #: oldest first
        self._times = array("d", sorted(times))
        #: time up to which requests were dropped
        self.complete_since = -math.inf

    def add(self, now: float) -> None:
        """Count a request that is sent now."""
        self._times.append(now)

    def drop(self, sent_at: float) -> None:
        """Forget the request that was sent then, since the server did not count it."""
        at = bisect_right(self._times, sent_at) - 1
        if at >= 0:
            del self._times[at]

    def move(self, sent_at: float, counted_at: float) -> None:
        """Date the request that was sent then by the time at which the server can have counted it."""
        self.drop(sent_at)
        insort(self._times, counted_at)

    def count(self, window_s: float, now: float) -> int:
        """Number of requests within the window that ends now."""
        return len(self._times) - self._outside(window_s, now)

    def room_at(self, limit: int, window_s: float, now: float) -> float:
        """The earliest time at which the window ending then holds fewer than `limit` requests."""
        # the last request that has to leave the window
        last = len(self._times) - max(limit, 1)
        if last < self._outside(window_s, now):
            return now
        return self._times[last] + window_s * (1 + _SKEW) + _SKEW_S

    def trim(self, window_s: float, now: float) -> None:
        """Drop the oldest requests if they are too old or too many, but never those of the window of `window_s`."""
        horizon_s = max(_MEMORY_S, 2 * window_s)
        surplus = len(self._times) - _MOST_REMEMBERED
        if now - self._times[0] <= 2 * horizon_s and surplus < _MOST_REMEMBERED / 10:
            return
        old = bisect_right(self._times, now - horizon_s)
        gone = min(max(old, surplus), self._outside(window_s, now))
        # dropping a few at a time would move all the others each time
        if gone > len(self._times) // 16:
            self.complete_since = self._times[gone - 1]
            del self._times[:gone]

    def _outside(self, window_s: float, now: float) -> int:
        """Number of remembered requests outside the window that ends now."""
        return bisect_right(self._times, now - window_s * (1 + _SKEW) - _SKEW_S)
