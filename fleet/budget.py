"""The governor: spends the requests that a server takes from one address. Pure.

A server refuses what exceeds its limit in a sliding window, says neither limit nor window, and does not count what it
refuses (PROTOCOL, surprise 5). The governor counts what was sent, keeps room for submissions and heartbeats that are
coming, gives the rest to openings and fetches, and spreads those over the window, so that no heartbeat ever has to wait
for the end of a burst. What refusals teach it is in `fleet.window`.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from fleet.calls import Urgency
from fleet.window import Belief, Lesson

#: a request arrives a little after it was sent: the window is counted longer by this, in seconds
_SKEW_S = 0.05
#: fetches, and the openings of very many sessions, are spread over this many equal parts of the window
_PARTS = 10
_FIRST_PAUSE_S = 1.0
#: a pause that no server asked for is never longer
_LONGEST_PAUSE_S = 60.0
#: no window longer than this is told from a shorter one, in seconds
_MEMORY_S = 1000.0


class Governor:
    """At first `requests` in any `window_s` seconds, shared by `miners` that each heartbeat every `heartbeat_s`.

    `carried_s` is for how long the server may still count what an earlier coordinator sent: until then a refusal
    delays, but teaches nothing.
    """

    def __init__(
        self, *, requests: int, window_s: float, miners: int, heartbeat_s: float, carried_s: float = 0.0
    ) -> None:
        self._belief = Belief(limit=float(requests), window_s=window_s, ceiling=float(requests))
        self._miners = miners
        self._beats_per_s = miners / heartbeat_s
        self._carried_s = carried_s
        #: when each request was sent that the server may have counted, oldest first
        self._sent: list[float] = []
        self._first_at: float | None = None
        self._lesson: Lesson | None = None
        #: requests whose answer is awaited, and when the last one was sent
        self._awaited = 0
        self._last_at = 0.0
        self._pause_until = 0.0
        self._pause_s = 0.0
        self.total = 0
        self.refused = 0

    @property
    def limit(self) -> float:
        """Requests that one window is believed to take."""
        return self._belief.limit

    @property
    def window_s(self) -> float:
        """The window's believed length in seconds."""
        return self._belief.window_s

    def used(self, now: float) -> int:
        """Requests sent within the window that ends now."""
        return self._count(self._belief.window_s, now)

    def more_miners(self, now: float) -> int:
        """How many more miners that work like these the window would take; 0 while nothing was sent.

        Before a whole window has passed, its rest is taken to be like its beginning.
        """
        used = self.used(now)
        if self._first_at is None or not used:
            return 0
        whole = used * max(self.window_s / max(now - self._first_at, 1.0), 1.0)
        return max(int((int(self.limit) - whole) * self._miners / whole), 0)

    def free_at(self, urgency: Urgency, reserve: int, now: float) -> float:
        """When a request of this urgency may be sent, `now` if at once; `reserve` submissions are still to come."""
        if now < self._pause_until:
            return self._pause_until
        if self._lesson is not None:
            return self._probe_free_at(self._lesson, now)
        self._belief.review(self.used(now), now)
        limit, window_s = int(self._belief.limit), self._belief.window_s
        if urgency < Urgency.OPENING:
            return self._room_at(limit, window_s, now)
        part_s = window_s / _PARTS
        share = math.ceil(self._belief.limit / _PARTS)
        if urgency is Urgency.OPENING:
            # at once, where the heartbeats of all leave room for that
            share = max(share, limit - math.ceil(self._beats_per_s * window_s))
        due = min(self._beats_per_s * part_s, self._belief.limit / 2)
        room = max(limit - reserve - int(due), 1)
        return max(self._room_at(room, window_s, now), self._room_at(share, part_s, now))

    def sent(self, now: float, *, awaited: bool = True) -> None:
        """A request goes out; when it is `awaited`, one of `answered`, `failed` and `rate_limited` follows."""
        self.total += 1
        self._first_at = now if self._first_at is None else self._first_at
        self._sent.append(now)
        self._awaited += awaited
        self._last_at = now
        if now - self._sent[0] > 2 * _MEMORY_S:
            del self._sent[: bisect_right(self._sent, now - _MEMORY_S)]

    def answered(self, sent_at: float, now: float) -> None:
        """A request that went out at `sent_at` was served."""
        if self._lesson is not None and sent_at >= self._lesson.refused_at:
            self._belief.learn(self._lesson, now)
            self._lesson = None
        if self._lesson is None:
            self._pause_s = 0.0
        self._awaited -= 1

    def failed(self) -> None:
        """A request had no answer that tells whether it was counted."""
        self._awaited -= 1

    def rate_limited(self, retry_after_s: float | None, sent_at: float, now: float) -> None:
        """A request that went out at `sent_at` was refused, and does not count at the server."""
        self.refused += 1
        at = bisect_right(self._sent, sent_at) - 1
        if at >= 0:
            del self._sent[at]
        self._awaited -= 1
        carried = self._first_at is None or now - self._first_at < self._carried_s
        if carried:
            self._pause(retry_after_s, now)
            return
        if self._lesson is None:
            self._lesson = self._belief.doubt(lambda window_s: self._count(window_s, now), now)
            self._pause_until = max(self._pause_until, now + (retry_after_s or 0.0))
        elif sent_at <= self._lesson.refused_at:
            # sent before the first refusal was known
            self._lesson.refused_beside()
            self._pause_until = max(self._pause_until, now + (retry_after_s or 0.0))
        else:
            self._lesson.refused_again(now)
            self._pause(retry_after_s, now, floor=self._lesson.exhausted)

    def _pause(self, retry_after_s: float | None, now: float, *, floor: bool = True) -> None:
        if floor and now >= self._pause_until:
            self._pause_s = min(max(_FIRST_PAUSE_S, 2 * self._pause_s), _LONGEST_PAUSE_S)
        self._pause_until = max(self._pause_until, now + max(self._pause_s if floor else 0.0, retry_after_s or 0.0))

    def _probe_free_at(self, lesson: Lesson, now: float) -> float:
        """One request at a time, when the shortest window that is still possible would take it."""
        if self._awaited > 0 and now < self._last_at + _LONGEST_PAUSE_S:
            # the next answer tells more
            return self._last_at + _LONGEST_PAUSE_S
        window_s, limit = lesson.next
        return self._room_at(limit, window_s, now)

    def _count(self, window_s: float, now: float) -> int:
        return len(self._sent) - bisect_right(self._sent, now - window_s - _SKEW_S)

    def _room_at(self, limit: int, window_s: float, now: float) -> float:
        """When the window that ends then holds less than `limit`."""
        excess = self._count(window_s, now) - max(limit, 1)
        if excess < 0:
            return now
        first = bisect_right(self._sent, now - window_s - _SKEW_S)
        return self._sent[first + excess] + window_s + _SKEW_S
