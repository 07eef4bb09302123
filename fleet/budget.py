"""The governor: spends the requests that a server takes from one address. Pure.

A server refuses what exceeds its limit in a sliding window and does not say what the limit is (PROTOCOL, surprise 5).
The governor counts what was sent in that window, keeps room for every heartbeat and every submission that is coming,
and gives the rest to fetches. A refusal teaches it the true limit; a window without one lets it try a little more.

A refusal in the first window teaches nothing: the server still counts what an earlier coordinator sent. Nor does one
prove less than half of what was believed: another client, or a proxy's bad moment, looks the same.
"""

from __future__ import annotations

from collections import deque

from fleet.calls import Urgency

#: a request arrives a little after it was sent: the window is counted longer by this, in seconds
_SKEW_S = 0.1
_FIRST_PAUSE_S = 1.0
_GROWTH = 1.01


class Governor:
    """`requests` in any `window_s` seconds, shared by `miners` that each heartbeat every `heartbeat_s`."""

    def __init__(self, *, requests: int, window_s: float, miners: int, heartbeat_s: float) -> None:
        #: the limit believed
        self.limit = float(requests)
        self._ceiling = float(requests)
        self._window_s = window_s + _SKEW_S
        self._beats = miners * window_s / heartbeat_s
        self._sent: deque[float] = deque()
        self._first_at: float | None = None
        self._pause_until = 0.0
        self._pause_s = 0.0
        self._raise_at = window_s
        self.total = 0
        self.refused = 0

    def used(self, now: float) -> int:
        """Requests sent within the window that ends now."""
        while self._sent and self._sent[0] <= now - self._window_s:
            self._sent.popleft()
        return len(self._sent)

    def free_at(self, urgency: Urgency, reserve: int, now: float) -> float:
        """When a request of this urgency may be sent, `now` if at once; `reserve` submissions are still to come."""
        if now < self._pause_until:
            return self._pause_until
        self._grow(now)
        room = self.limit - (min(self._beats, self.limit / 2) + reserve if urgency is Urgency.FETCH else 0)
        excess = self.used(now) - max(int(room), 1)
        if excess < 0:
            return now
        return self._sent[min(excess, len(self._sent) - 1)] + self._window_s

    def sent(self, now: float) -> None:
        """A request goes out."""
        self.total += 1
        self._first_at = now if self._first_at is None else self._first_at
        self._sent.append(now)

    def answered(self) -> None:
        """A request was served: the pause is over."""
        self._pause_s = 0.0

    def rate_limited(self, retry_after_s: float | None, now: float) -> None:
        """A request was refused, and does not count at the server."""
        self.refused += 1
        if self._sent:
            self._sent.pop()
        if self._first_at is not None and now - self._first_at >= self._window_s:
            self.limit = max(1.0, min(self.limit, max(float(self.used(now)), self.limit / 2)))
        self._raise_at = now + self._window_s
        if now >= self._pause_until:
            self._pause_s = min(max(_FIRST_PAUSE_S, 2 * self._pause_s), self._window_s)
        self._pause_until = max(self._pause_until, now + max(self._pause_s, retry_after_s or 0.0))

    def _grow(self, now: float) -> None:
        if now >= self._raise_at:
            self._raise_at = now + self._window_s
            self.limit = min(self._ceiling, max(self.limit * _GROWTH, self.limit + 1))
