"""What a server's refusals tell of its sliding window. Pure.

At a refusal the window is full, so for each length that it could have, the requests counted over that length are its
limit. A length is refuted by a refusal at a moment at which its window would have had room. So the shortest length
comes first: one request is sent when it would have room, and a little later again; then the next longer one's, until
a request is served.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

#: lengths of windows that servers use, in seconds
_LENGTHS_S = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
#: a request may arrive later than another by this part of the window
_LATE = 0.02
#: where the length is known, a limit is looked for in steps down by this part, each twice as long as the last
_LOWER = 0.02
_LOWEST = 0.2
#: a limit that was made use of for so many windows without a refusal is tried higher
_CALM = 2
_LONGEST_CALM = 6
#: by this part at first, and twice as much each further window without a refusal
_STEP = 0.01
#: a window is made use of when it is this full
_FULL = 0.95


@dataclass(kw_only=True, slots=True)
class Lesson:
    """What is possible since a refusal: the windows' lengths with the limit of each, the next one to be tried first."""

    candidates: list[tuple[float, int]]
    #: answers still to come to requests that were sent before the refusal was known
    before: int
    #: whether even one request a window was refused: the server refuses for another reason
    exhausted: bool = False
    #: no request before this
    not_before: float = 0.0
    _refused: bool = False
    _lower: float = _LOWER

    @property
    def next(self) -> tuple[float, int]:
        """Length in seconds and limit of the shortest window that is possible."""
        return self.candidates[0]

    def one_of_before(self) -> bool:
        """Whether an answer that comes now is to a request from before the refusal, and tells nothing new."""
        if not self.before:
            return False
        self.before -= 1
        return True

    def refused_beside(self) -> None:
        """A request was refused that had been sent before the first refusal: it was counted, but not in the window."""
        self.candidates = [(length, max(limit - 1, 1)) for length, limit in self.candidates]

    def refused_again(self, now: float) -> None:
        """The first candidate should have had room, and did not.

        A length is refuted by the second refusal: the first time, a request may have been early. The server counts a
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
    """The limit believed, and how it changes."""

    limit: float
    window_s: float
    #: requests a window that are never exceeded, however long nothing was refused
    ceiling: float
    #: whether the length is known: a refusal at its moment and the answer after it have shown it, or it was kept
    confirmed: bool = False
    _step: float = 0.0
    #: what the last whole window took
    _kept: float = 0.0
    _calm: int = _CALM
    _full_windows: int = 0
    _review_at: float | None = None
    _fullest: int = 0

    def doubt(self, count: Callable[[float], int], before: int, known_s: float = math.inf) -> Lesson:
        """A request was refused, and `before` others wait; `count` says how many were sent within a length of time.

        Longer lengths than `known_s` can't be counted, and are left out.
        """
        countable = (length for length in _LENGTHS_S if length <= known_s)
        lengths = [self.window_s] if self.confirmed else sorted({self.window_s, *countable})
        return Lesson(candidates=[(length, max(count(length), 1)) for length in lengths], before=before)

    def learn(self, lesson: Lesson, now: float) -> None:
        """The first request since a refusal was served: the shortest window that is possible is the one believed.

        When none was possible, the refusals had another reason, and what was believed before them is believed again.
        """
        window_s, limit = (self.window_s, self.limit) if lesson.exhausted else lesson.next
        self._calm = min(2 * self._calm, _LONGEST_CALM) if self._step else _CALM
        self._step, self._full_windows = 0.0, 0
        self.limit, self.window_s, self.confirmed = float(limit), window_s, True
        self._fullest, self._review_at = 0, now + self.window_s

    def review(self, used: int, now: float) -> None:
        """Once a window: a limit that was reached without a refusal is tried a little higher."""
        self._fullest = max(self._fullest, used)
        if self._review_at is None:
            self._review_at = now + self.window_s
        if self._step:
            # little by little: room that opens at once would be taken at once, and refused many times
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
