"""Decides which repeated log lines to suppress, and when to report their number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_LINES = 1_024


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """The properties by which two log lines are the same."""

    logger: str
    #: logging's numeric level
    level: int
    text: str
    #: the exception's class name, or empty
    exception: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swallowed:
    """A line that was let through once and then suppressed `count` times in `span_s` seconds."""

    line: Line
    count: int
    span_s: float


class Repeats:
    """Lets a line through once per window and counts its repeats.

    The clock is passed in, in monotonic seconds. It keeps 1,024 lines at most: with more different ones in a window,
    the oldest are let through again early.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        #: line → (when it was let through, number suppressed since), oldest first
        self._lines: OrderedDict[Line, tuple[float, int]] = OrderedDict()

    def lets_through(self, line: Line, now_s: float) -> bool:
        """Whether to write the line; if not, it is counted. Call `due` first."""
        seen = self._lines.get(line)
        if seen is None:
            self._lines[line] = (now_s, 0)
            return True
        self._lines[line] = (seen[0], seen[1] + 1)
        return False

    def due(self, now_s: float) -> Iterator[Swallowed]:
        """Forget the lines whose window is over, and yield those of them with suppressed repeats."""
        while self._lines:
            line, (since_s, count) = next(iter(self._lines.items()))
            if now_s - since_s < self._window_s and len(self._lines) < _MAX_LINES:
                return
            del self._lines[line]
            if count:
                yield Swallowed(line=line, count=count, span_s=now_s - since_s)

    def rest(self, now_s: float) -> Iterator[Swallowed]:
        """Forget every line, and yield those with suppressed repeats."""
        lines, self._lines = self._lines, OrderedDict()
        for line, (since_s, count) in lines.items():
            if count:
                yield Swallowed(line=line, count=count, span_s=now_s - since_s)
