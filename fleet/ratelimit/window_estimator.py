"""Estimates the limit and length of a server's sliding window from its refusals. Pure.

When a request is refused, the window is full. So for each possible length, the limit is the number of requests counted
over that length. A length is refuted by a refusal at a moment when a window of that length would have had room. The
shortest length is tried first: one request is sent when its window would have room, and another a little later. Then
the next longer length is tried, until a request is served.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

#: window lengths that servers use, in seconds
_LENGTHS_S = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
#: how much later than another a request may arrive, as a fraction of the window
_LATE = 0.02
#: with a known length, the limit is lowered by this fraction; each further step is twice as large, up to `_LOWEST`
_LOWER = 0.02
_LOWEST = 0.2
#: number of full windows without a refusal before a higher limit is tried
_CALM = 2
_LONGEST_CALM = 6
#: first raise of the limit, as a fraction; doubled with each further full window without a refusal
_STEP = 0.01
#: a window counts as full from this fraction of the limit
_FULL = 0.95


@dataclass(kw_only=True, slots=True)
class Lesson:
    """The windows that are still possible after a refusal."""

    #: length in seconds and limit of each possible window; the first is tried next
    candidates: list[tuple[float, int]]
    #: number of answers still due to requests that were sent before the refusal was known
    before: int
    #: whether even one request per window was refused, so that the refusals have another reason
    exhausted: bool = False
    #: earliest time of the next request
    not_before: float = 0.0
    _refused: bool = False
    _lower: float = _LOWER

    @property
    def next(self) -> tuple[float, int]:
        """Length in seconds and limit of the shortest window that is still possible."""
        return self.candidates[0]

    def one_of_before(self) -> bool:
        """Count an answer; whether its request was sent before the refusal was known, so that it shows nothing new."""
        if not self.before:
            return False
        self.before -= 1
        return True

    def refused_beside(self) -> None:
        """Lower each limit by one: a request from before the refusal was refused too, so it was not counted."""
        self.candidates = [(length, max(limit - 1, 1)) for length, limit in self.candidates]

    def refused_again(self, now: float) -> None:
        """Record a refusal although the first candidate should have had room.

        Only a second refusal refutes a length, since the first request may have been too early: the server counts a
        request when it arrives, and under load some arrive later than others.
        """
        (window_s, limit), *others = self.candidates
        if not others:
            self.exhausted = limit <= 1
            self.candidates = [(window_s, max(int(limit * (1 - self._lower)), 1))]
            self._lower = min(2 * self._lower, _LOWEST)
        elif self._refused:
            self.candidates = others
        else:
            self.not_before = now + _LATE * window_s
        self._refused = bool(others) and not self._refused


@dataclass(kw_only=True, slots=True)
class Belief:
    """The believed limit and window length, and how they change."""

    limit: float
    window_s: float
    #: highest limit that is ever tried, in requests per window
    ceiling: float
    #: whether the length is known: a refusal and the answer after it have shown it, or a whole window kept to it
    confirmed: bool = False
    #: whether refusals have shown limit and length, now or in an earlier start
    taught: bool = False
    _step: float = 0.0
    #: the limit at the end of the last whole window
    _kept: float = 0.0
    _calm: int = _CALM
    _full_windows: int = 0
    _review_at: float | None = None
    _fullest: int = 0

    @property
    def proven(self) -> bool:
        """Whether refusals have shown the limit, and a window that was full has kept to it since."""
        return self.taught and self._full_windows > 0

    def recall(self, limit: float, window_s: float) -> None:
        """Believe a limit and window that an earlier start has learnt."""
        self.limit, self.window_s, self.confirmed, self.taught = min(limit, self.ceiling), window_s, True, True

    def doubt(self, count: Callable[[float], int], before: int, known_s: float = math.inf) -> Lesson:
        """The windows that are possible after a refusal, while `before` other requests await their answers.

        `count` returns the number of requests sent within the last given seconds. Lengths over `known_s` can't be
        counted and are left out.
        """
        countable = (length for length in _LENGTHS_S if length <= known_s)
        lengths = [self.window_s] if self.confirmed else sorted({self.window_s, *countable})
        return Lesson(candidates=[(length, max(count(length), 1)) for length in lengths], before=before)

    def learn(self, lesson: Lesson, now: float) -> None:
        """Believe the shortest window still possible, now that the first request since a refusal was served.

        If no window was possible, the refusals had another reason, and the earlier belief is kept.
        """
        window_s, limit = (self.window_s, self.limit) if lesson.exhausted else lesson.next
        self._calm = min(2 * self._calm, _LONGEST_CALM) if self._step else _CALM
        self._step, self._full_windows = 0.0, 0
        self.limit, self.window_s, self.confirmed = float(limit), window_s, True
        self.taught |= not lesson.exhausted
        self._fullest, self._review_at = 0, now + self.window_s

    def review(self, used: int, now: float) -> None:
        """Once per window, raise the limit a little if it was reached without a refusal."""
        self._fullest = max(self._fullest, used)
        if self._review_at is None:
            self._review_at = now + self.window_s
        if self._step:
            # raised gradually: room that opens all at once is filled all at once, and many requests are refused
            grown = self._step * (1 - max(self._review_at - now, 0.0) / self.window_s)
            self.limit = min(self._kept + grown, self.ceiling)
        if now < self._review_at:
            return
        full = self._fullest >= _FULL * self.limit
        self._fullest, self._review_at = used, now + self.window_s
        self.confirmed, self._kept = True, self.limit
        self._full_windows += full
        if full and self._full_windows >= self._calm:
            self._step = 2 * self._step or max(_STEP * self.limit, 1.0)
