"""A clock that jumps from event to event, so that a farm's hours pass in milliseconds."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Unix seconds at which every schedule begins
EPOCH_S = 1_800_000_000.0


class Timeline:
    """Virtual monotonic seconds, and what is to happen when."""

    def __init__(self, *, trace: Callable[[str], None] | None = None) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._trace = trace
        self._thread: ThreadTime | None = None

    def at(self, time_s: float, event: Callable[[], None]) -> None:
        """Let `event` happen at `time_s`, or now where that is past."""
        heapq.heappush(self._events, (max(time_s, self.now), next(self._numbers), event))

    def after(self, delay_s: float, event: Callable[[], None]) -> None:
        """Let `event` happen in `delay_s` seconds."""
        self.at(self.now + delay_s, event)

    def step(self, until_s: float) -> bool:
        """Let the next event happen if it is due by `until_s`; otherwise the clock goes there."""
        if self._events and self._events[0][0] <= until_s:
            time_s, _, event = heapq.heappop(self._events)
            self.now = max(self.now, time_s)
            event()
            return True
        self.now = max(self.now, until_s)
        return False

    def pass_time(self, seconds: float) -> None:
        """Let everything of the next `seconds` happen."""
        until_s = self.now + seconds
        while self.step(until_s):
            pass

    def clock(self) -> float:
        """Monotonic seconds, as the code under test reads them: a thread inside a call reads its own moment."""
        return self._thread.now if self._thread is not None else self.now

    @contextmanager
    def thread(self, started_at: float) -> Iterator[ThreadTime]:
        """Run a call's thread: it began at `started_at`, and its time passes by itself."""
        self._thread = ThreadTime(started_at)
        try:
            yield self._thread
        finally:
            self._thread = None

    def trace(self, text: str) -> None:
        """Say what happens."""
        if self._trace is not None:
            self._trace(f"{self.now:11.3f}  {text}")

    @property
    def tracing(self) -> bool:
        """Whether anyone reads the trace."""
        return self._trace is not None


class ThreadTime:
    """The moment at which one thread is."""

    def __init__(self, now: float) -> None:
        self.now = now
