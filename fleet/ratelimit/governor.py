"""The governor: decides when each request may be sent to stay within the server's rate limit. Pure.

A server refuses requests beyond its limit in a sliding window. It states neither the limit nor the window, and does not
count refused requests (docs/protocol-notes.md, 5). The governor counts what was sent, reserves room for coming
submissions and heartbeats, and gives the rest to openings and fetches. It spreads openings and fetches over the window,
so that no heartbeat waits for the end of a burst. `fleet.ratelimit.window_estimator` learns from refusals.

Sessions that were opened together send heartbeats together, so room for those is reserved ahead of time.

One file: every kind of request is counted against the same window.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from fleet.domain.calls import BEATS_SHARE, CallKind, Reply, Urgency
from fleet.domain.effects import LimitLearnt
from fleet.errors import CallError, RateLimited
from fleet.ratelimit.pace import EvenPace
from fleet.ratelimit.request_log import RequestLog
from fleet.ratelimit.window_estimator import Belief, Lesson

#: number of equal parts of the window over which the openings of very many sessions are spread
_PARTS = 10
#: how late a heartbeat may be sent, in seconds
_PUNCTUAL_S = 0.5
#: number of groups in which coming heartbeats are examined
_GROUPS = 20
#: a session counts as ended when its heartbeat is overdue by this many seconds
_OVERDUE_S = 2.0
#: number of miners that register at once while the limit is unknown
_AT_FIRST = 8
#: calls after which a heartbeat falls due
_BEATS = frozenset({CallKind.START_SESSION, CallKind.HEARTBEAT})
#: a limit that differs by this fraction is not reported again
_SAME = 0.05
#: share of the limit from which on it counts as used up
_USED_UP = 0.9
_FIRST_PAUSE_S = 1.0
#: longest pause that the server did not ask for, in seconds
_LONGEST_PAUSE_S = 60.0


class Governor:
    """Decides when requests may be sent. Times are monotonic seconds.

    It first assumes a limit of `requests` in any `window_s` seconds, shared by `miners` that each send a heartbeat
    every `heartbeat_s`. For the first `carried_s` seconds the server may still count requests of an earlier
    coordinator: a refusal then delays requests but teaches nothing. `spent` are the times of those that are known;
    `learnt` is the limit that an earlier coordinator has learnt.
    """

    def __init__(
        self,
        *,
        requests: int,
        window_s: float,
        miners: int,
        heartbeat_s: float,
        carried_s: float = 0.0,
        learnt: LimitLearnt | None = None,
        spent: Sequence[float] = (),
    ) -> None:
        self._belief = Belief(limit=float(requests), window_s=window_s, ceiling=float(requests))
        #: number of miners that send heartbeats
        self.miners = miners
        self._heartbeat_s = heartbeat_s
        self._carried_s = carried_s
        self._log = RequestLog(spent)
        #: due times of the coming heartbeats, soonest first
        self._beats: list[float] = []
        self._pace = EvenPace()
        #: number of registrations so far
        self._registered = 0
        self._quickest_s = math.inf
        self._first_at: float | None = None
        self._lesson: Lesson | None = None
        #: the limit that `learnt` reported last
        self._reported = learnt
        if learnt is not None:
            self._belief.recall(learnt.requests, learnt.window_s)
        #: number of requests that await an answer, and when the last request was sent
        self._awaited = 0
        self._last_at = 0.0
        self._pause_until = 0.0
        self._pause_s = 0.0
        self.total = 0
        self.refused = 0

    @property
    def limit(self) -> float:
        """The believed limit, in requests per window."""
        return self._belief.limit

    @property
    def window_s(self) -> float:
        """The window's believed length in seconds."""
        return self._belief.window_s

    @property
    def carries(self) -> int:
        """Number of miners that the limit keeps alive with room left for their jobs."""
        return max(int(BEATS_SHARE * self.limit * self._heartbeat_s / self.window_s), 1)

    def learnt(self) -> LimitLearnt | None:
        """The limit and window, if refusals have shown others since the last time; None if not."""
        known, belief = self._reported, self._belief
        if not belief.proven or self._lesson is not None:
            return None
        alike = known is not None and abs(belief.limit - known.requests) <= _SAME * known.requests
        if known is not None and alike and known.window_s == belief.window_s:
            return None
        self._reported = LimitLearnt(requests=belief.limit, window_s=belief.window_s)
        return self._reported

    def keeps(self, miners: int) -> None:
        """From now on, `miners` send heartbeats."""
        self.miners = miners
        while len(self._beats) > miners:
            # the soonest heartbeats may be those of sessions that were closed
            self._beats.pop(0)

    def used(self, now: float) -> int:
        """Number of requests sent within the window that ends now."""
        return self._log.count(self._belief.window_s, now)

    def used_up(self, now: float) -> bool:
        """Whether the server's limit, which is known, has no room for further requests."""
        return self._belief.confirmed and self.used(now) >= _USED_UP * self.limit

    def more_miners(self, now: float) -> int:
        """Number of further miners, working like the present ones, that the limit carries; 0 while nothing was sent.

        Before a whole window has passed, its rest is assumed to be like its beginning.
        """
        used = self.used(now)
        if self._first_at is None or not used:
            return 0
        whole = used * max(self.window_s / max(now - self._first_at, 1.0), 1.0)
        return max(int((int(self.limit) - whole) * self.miners / whole), 0)

    @property
    def learning(self) -> bool:
        """Whether a refusal is being investigated, so that the limit may be another one than the believed one."""
        return self._lesson is not None

    def free_at(self, urgency: Urgency, reserve: int, now: float) -> float:
        """When a request of this urgency may be sent; `now` means at once. `reserve` submissions are still to come."""
        if now < self._pause_until:
            return self._pause_until
        if self._lesson is not None:
            return self._probe_free_at(self._lesson, now)
        self._belief.review(self.used(now), now)
        limit, window_s = int(self._belief.limit), self._belief.window_s
        if urgency is Urgency.SUBMISSION:
            # submissions of fetched jobs have reserved room; those of free jobs must not take a heartbeat's
            return self._log.room_at(max(limit - self._beats_to_come(limit, now), 1), window_s, now)
        if urgency < Urgency.REOPENING:
            return self._log.room_at(limit, window_s, now)
        room = max(limit - reserve - self._beats_to_come(limit - reserve, now), 1)
        room_at = self._log.room_at(room, window_s, now)
        if urgency is Urgency.FETCH or urgency is Urgency.LAST:
            return max(room_at, self._pace.fetch_at(window_s))
        # all at once, if the heartbeats of all miners leave room
        spare = limit - math.ceil(self.miners / self._heartbeat_s * window_s)
        share = max(math.ceil(self._belief.limit / _PARTS), spare)
        if urgency is Urgency.OPENING and self.first_window and self._registered >= _AT_FIRST:
            # more sessions would only lower what each job pays, and their heartbeats may meet a full window
            room_at = max(room_at, self._pace.opening_at)
        return max(room_at, self._log.room_at(share, window_s / _PARTS, now))

    @property
    def first_window(self) -> bool:
        """Whether the limit is unknown yet: neither a refusal nor a whole window has shown it.

        After the first few miners, another one registers only if the open ones leave requests.
        """
        return not self._belief.confirmed

    def sendable_at(self, count: int, now: float) -> float:
        """When the last of `count` more requests can be sent, by the believed limit.

        While a refusal is being investigated, that is at least one window away.
        """
        limit, window_s = max(int(self._belief.limit), 1), self._belief.window_s
        full_windows = max(count - 1, 0) // limit
        at = max(self._log.room_at(limit - (count - full_windows * limit) + 1, window_s, now), self._pause_until)
        if self._lesson is not None:
            at = max(at, now + window_s)
        return at + full_windows * window_s

    def sendable_by(self, at: float, count: int, now: float) -> int:
        """How many of `count` more requests can be sent by the time `at`."""
        return bisect_right(range(1, count + 1), at, key=lambda number: self.sendable_at(number, now))

    def sent(self, now: float, kind: CallKind | None = None, *, awaited: bool = True) -> None:
        """Record an outgoing request. If it is `awaited`, `ended` will be called."""
        self.total += 1
        self._first_at = now if self._first_at is None else self._first_at
        self._log.add(now)
        self._awaited += awaited
        self._last_at = now
        self._registered += kind is CallKind.REGISTER
        if kind in _BEATS:
            if kind is CallKind.HEARTBEAT or len(self._beats) == self.miners:
                del self._beats[:1]
            self._beats.append(now + self._heartbeat_s)
        if kind is not CallKind.HEARTBEAT:
            beats = self.window_s // self._heartbeat_s * self.miners
            self._pace.sent(now, limit=self.limit, window_s=self.window_s, beats=beats)
        self._log.trim(self._belief.window_s, now)

    def ended(self, reply: Reply, now: float) -> None:
        """Record how an awaited request ended."""
        if isinstance(reply.outcome, RateLimited):
            self.rate_limited(reply.outcome.retry_after_s, reply.sent_at, now)
        elif isinstance(reply.outcome, CallError):
            self.failed()
        else:
            self.answered(reply.sent_at, reply.answered_at, now)

    def answered(self, sent_at: float, answered_at: float, now: float) -> None:
        """Record that a request sent at `sent_at` was served.

        Under load a request leaves later than `sent_at`. It is therefore dated at the latest time at which the server
        can have counted it: half the quickest round trip before its answer.
        """
        self._quickest_s = min(self._quickest_s, answered_at - sent_at)
        self._log.move(sent_at, answered_at - self._quickest_s / 2)
        self._awaited -= 1
        if self._lesson is not None and not self._lesson.one_of_before():
            self._belief.learn(self._lesson, now)
            self._lesson = None
        if self._lesson is None:
            self._pause_s = 0.0

    def failed(self) -> None:
        """Record that a request got no answer that shows whether the server counted it."""
        self._awaited -= 1
        if self._lesson is not None:
            self._lesson.one_of_before()

    def rate_limited(self, retry_after_s: float | None, sent_at: float, now: float) -> None:
        """Record that a request sent at `sent_at` was refused; the server does not count it."""
        self.refused += 1
        self._log.drop(sent_at)
        self._awaited -= 1
        carried = self._first_at is None or now - self._first_at < self._carried_s
        if carried:
            self._pause(retry_after_s, now)
            return
        exhausted = False
        if self._lesson is None:
            self._lesson = self._belief.doubt(
                lambda window_s: self._log.count(window_s, now),
                before=self._awaited,
                known_s=now - self._log.complete_since,
            )
        elif self._lesson.one_of_before():
            self._lesson.refused_beside()
        else:
            self._lesson.refused_again(now)
            exhausted = self._lesson.exhausted
        self._pause(retry_after_s, now, floor=exhausted)

    def _pause(self, retry_after_s: float | None, now: float, *, floor: bool = True) -> None:
        if floor and now >= self._pause_until:
            self._pause_s = min(max(_FIRST_PAUSE_S, 2 * self._pause_s), _LONGEST_PAUSE_S)
        self._pause_until = max(self._pause_until, now + max(self._pause_s if floor else 0.0, retry_after_s or 0.0))

    def _probe_free_at(self, lesson: Lesson, now: float) -> float:
        """When the next probe may be sent: one at a time, once the shortest window still possible has room for it."""
        if self._awaited > 0 and now < self._last_at + _LONGEST_PAUSE_S:
            # wait for the answer that is still due
            return self._last_at + _LONGEST_PAUSE_S
        window_s, limit = lesson.next
        return max(self._log.room_at(limit, window_s, now), lesson.not_before)

    def _beats_to_come(self, room: int, now: float) -> int:
        """Room to reserve for the next window's heartbeats, beyond what it frees by then; at most half the limit."""
        window_s, every_s = self._belief.window_s, self._heartbeat_s
        counted, rounds = self._log.count(window_s, now), math.ceil(window_s / every_s)
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
                free = counted - self._log.count(window_s, at + number * every_s)
                most = max(most, due + number * coming - free)
        return min(most, int(BEATS_SHARE * self._belief.limit))
