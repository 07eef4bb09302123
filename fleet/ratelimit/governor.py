"""The governor: spends the requests that a server takes from one address. Pure.

A server refuses what exceeds its limit in a sliding window, says neither limit nor window, and does not count what it
refuses (PROTOCOL, surprise 5). The governor counts what was sent, keeps room for submissions and heartbeats that are
coming, gives the rest to openings and fetches, and spreads those over the window, so that no heartbeat ever has to wait
for the end of a burst. What refusals teach it is in `fleet.ratelimit.window_estimator`.

Sessions that were opened together heartbeat together: for them, room is kept ahead of time.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right, insort

from fleet.domain.calls import CallKind, Urgency
from fleet.ratelimit.window_estimator import Belief, Lesson

#: a request arrives a little after it was sent: the window is counted longer by this part of it, and these seconds
_SKEW, _SKEW_S = 0.005, 0.02
#: fetches, and the openings of very many sessions, are spread over this many equal parts of the window
_PARTS = 10
#: fetches may take so much more than a part's equal share, so that room kept for a moment is made use of after it
_CATCH_UP = 1.5
#: heartbeats take at most this part of the limit: room for more is not kept, and more miners are not brought in
_BEATS_SHARE = 0.5
#: room for a heartbeat may be free so many seconds after it is due
_PUNCTUAL_S = 0.5
#: heartbeats to come are looked at in so many groups
_GROUPS = 20
#: the session of a heartbeat that is so many seconds over its time has ended
_OVERDUE_S = 2.0
#: calls that a heartbeat follows
_BEATS = frozenset({CallKind.START_SESSION, CallKind.HEARTBEAT})
_FIRST_PAUSE_S = 1.0
#: a pause that no server asked for is never longer
_LONGEST_PAUSE_S = 60.0
#: how much history is kept, in seconds: longer than any window that a server is known to use
_MEMORY_S = 1000.0
#: requests that are remembered beyond the believed window's, at 8 bytes each
_MOST_REMEMBERED = 500_000


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
        self._heartbeat_s = heartbeat_s
        self._carried_s = carried_s
        #: when the server may have counted each request, oldest first
        self._sent = array("d")
        #: until when nothing is remembered
        self._forgotten_until = -math.inf
        #: when each heartbeat is due that follows another or an opening, soonest first
        self._beats: list[float] = []
        self._quickest_s = math.inf
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

    @property
    def carries(self) -> int:
        """How many miners can be kept alive, with room left for their jobs."""
        return max(int(_BEATS_SHARE * self.limit * self._heartbeat_s / self.window_s), 1)

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
        if urgency is Urgency.SUBMISSION:
            # room was kept for those of fetched jobs; others came free, and must not take a heartbeat's
            return self._room_at(max(limit - self._beats_to_come(limit, now), 1), window_s, now)
        if urgency < Urgency.REOPENING:
            return self._room_at(limit, window_s, now)
        part_s = window_s / _PARTS
        if urgency < Urgency.FETCH:
            # at once, where the heartbeats of all leave room for that
            spare = limit - math.ceil(self._miners / self._heartbeat_s * window_s)
            share = max(math.ceil(self._belief.limit / _PARTS), spare)
        else:
            share = math.ceil(_CATCH_UP * self._belief.limit / _PARTS)
        room = max(limit - reserve - self._beats_to_come(limit - reserve, now), 1)
        return max(self._room_at(room, window_s, now), self._room_at(share, part_s, now))

    def sendable_at(self, count: int, now: float) -> float:
        """When the last of `count` more requests can be sent, as far as the believed limit tells.

        While refusals are asked what they mean, that is a whole window away at least.
        """
        limit, window_s = max(int(self._belief.limit), 1), self._belief.window_s
        full_windows = max(count - 1, 0) // limit
        at = max(self._room_at(limit - (count - full_windows * limit) + 1, window_s, now), self._pause_until)
        if self._lesson is not None:
            at = max(at, now + window_s)
        return at + full_windows * window_s

    def sendable_by(self, at: float, count: int, now: float) -> int:
        """How many of `count` more requests can be sent until then."""
        return bisect_right(range(1, count + 1), at, key=lambda number: self.sendable_at(number, now))

    def sent(self, now: float, kind: CallKind | None = None, *, awaited: bool = True) -> None:
        """A request goes out; when it is `awaited`, one of `answered`, `failed` and `rate_limited` follows."""
        self.total += 1
        self._first_at = now if self._first_at is None else self._first_at
        self._sent.append(now)
        self._awaited += awaited
        self._last_at = now
        if kind in _BEATS:
            if kind is CallKind.HEARTBEAT or len(self._beats) == self._miners:
                del self._beats[:1]
            self._beats.append(now + self._heartbeat_s)
        self._trim(now)

    def answered(self, sent_at: float, answered_at: float, now: float) -> None:
        """A request that left at `sent_at` was served.

        The server counted it on its way, which under load begins after `sent`: half the quickest way there and back
        before its answer, at the latest.
        """
        self._quickest_s = min(self._quickest_s, answered_at - sent_at)
        self._forget(sent_at)
        insort(self._sent, answered_at - self._quickest_s / 2)
        self._awaited -= 1
        if self._lesson is not None and not self._lesson.one_of_before():
            self._belief.learn(self._lesson, now)
            self._lesson = None
        if self._lesson is None:
            self._pause_s = 0.0

    def failed(self) -> None:
        """A request had no answer that tells whether it was counted."""
        self._awaited -= 1
        if self._lesson is not None:
            self._lesson.one_of_before()

    def rate_limited(self, retry_after_s: float | None, sent_at: float, now: float) -> None:
        """A request that went out at `sent_at` was refused, and does not count at the server."""
        self.refused += 1
        self._forget(sent_at)
        self._awaited -= 1
        carried = self._first_at is None or now - self._first_at < self._carried_s
        if carried:
            self._pause(retry_after_s, now)
            return
        exhausted = False
        if self._lesson is None:
            self._lesson = self._belief.doubt(
                lambda window_s: self._count(window_s, now), before=self._awaited, known_s=now - self._forgotten_until
            )
        elif self._lesson.one_of_before():
            self._lesson.refused_beside()
        else:
            self._lesson.refused_again(now)
            exhausted = self._lesson.exhausted
        self._pause(retry_after_s, now, floor=exhausted)

    def _trim(self, now: float) -> None:
        """Forget the oldest requests where they are too old or too many; never those of the believed window."""
        horizon_s = max(_MEMORY_S, 2 * self._belief.window_s)
        surplus = len(self._sent) - _MOST_REMEMBERED
        if now - self._sent[0] <= 2 * horizon_s and surplus < _MOST_REMEMBERED / 10:
            return
        outside = self._over(self._belief.window_s, now)
        old = bisect_right(self._sent, now - horizon_s)
        gone = min(max(old, surplus), outside)
        # a few at a time would move all the others each time
        if gone > len(self._sent) // 16:
            self._forgotten_until = self._sent[gone - 1]
            del self._sent[:gone]

    def _forget(self, sent_at: float) -> None:
        at = bisect_right(self._sent, sent_at) - 1
        if at >= 0:
            del self._sent[at]

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
        return max(self._room_at(limit, window_s, now), lesson.not_before)

    def _beats_to_come(self, room: int, now: float) -> int:
        """The most that heartbeats of the window to come need beyond what it frees by then; never more than half."""
        window_s, every_s = self._belief.window_s, self._heartbeat_s
        counted, rounds = self._count(window_s, now), math.ceil(window_s / every_s)
        if counted + len(self._beats) * rounds < room:
            return 0
        over = bisect_right(self._beats, now - _OVERDUE_S)
        coming = bisect_right(self._beats, now + min(window_s, every_s)) - over
        if not coming:
            return 0
        most, group = 0, math.ceil(coming / _GROUPS)
        for first in range(0, coming, group):
            due, at = min(first + group, coming), self._beats[over + first] + _PUNCTUAL_S
            for number in range(rounds):
                free = counted - self._count(window_s, at + number * every_s)
                most = max(most, due + number * coming - free)
        return min(most, int(_BEATS_SHARE * self._belief.limit))

    def _count(self, window_s: float, now: float) -> int:
        return len(self._sent) - self._over(window_s, now)

    def _room_at(self, limit: int, window_s: float, now: float) -> float:
        """When the window that ends then holds less than `limit`."""
        # once this one is outside
        last = len(self._sent) - max(limit, 1)
        if last < self._over(window_s, now):
            return now
        return self._sent[last] + window_s * (1 + _SKEW) + _SKEW_S

    def _over(self, window_s: float, now: float) -> int:
        """How many of the requests are outside the window that ends now."""
        return bisect_right(self._sent, now - window_s * (1 + _SKEW) - _SKEW_S)
