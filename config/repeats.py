"""Which repeated log lines to swallow, and when to say how many there were."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_LINES = 1_024


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What makes two log lines the same."""

    logger: str
    #: logging's number
    level: int
    text: str
    #: the exception's class, or empty
    exception: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swallowed:
    """A line that was let through once and then swallowed `count` times in `span_s` seconds."""

    line: Line
    count: int
    span_s: float


class Repeats:
    """Lets a line through once a window and counts it for the rest.

    The clock is passed in, in monotonic seconds. Remembers 1,024 lines at most: under more different ones than that in
    a window, the oldest are let through again early.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        #: line → (when it was let through, how often it was swallowed since), oldest first
        self._lines: OrderedDict[Line, tuple[float, int]] = OrderedDict()

    def lets_through(self, line: Line, now_s: float) -> bool:
        """Tell whether the line goes out; else it is counted. Call `due` first."""
        seen = self._lines.get(line)
        if seen is None:
            self._lines[line] = (now_s, 0)
            return True
        self._lines[line] = (seen[0], seen[1] + 1)
        return False

    def due(self, now_s: float) -> Iterator[Swallowed]:
        """Forget the lines whose window is over, and yield those of them that were swallowed meanwhile."""
        while self._lines:
            line, (since_s, count) = next(iter(self._lines.items()))
            if now_s - since_s < self._window_s and len(self._lines) < _MAX_LINES:
                return
            del self._lines[line]
            if count:
                yield Swallowed(line=line, count=count, span_s=now_s - since_s)

    def rest(self, now_s: float) -> Iterator[Swallowed]:
        """Forget every line, and yield those that were swallowed."""
        lines, self._lines = self._lines, OrderedDict()
        for line, (since_s, count) in lines.items():
            if count:
                yield Swallowed(line=line, count=count, span_s=now_s - since_s)
