"""A clock that jumps from event to event, so that a farm's hours pass in milliseconds."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Unix time at which every schedule begins
EPOCH_S = 1_800_000_000.0


class Timeline:
    """Virtual monotonic time in seconds, and the events to come."""

    def __init__(self, *, trace: Callable[[str], None] | None = None) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._trace = trace
        self._thread: ThreadTime | None = None

    def at(self, time_s: float, event: Callable[[], None]) -> None:
        """Let `event` happen at `time_s`, or now if that has passed."""
        heapq.heappush(self._events, (max(time_s, self.now), next(self._numbers), event))

    def after(self, delay_s: float, event: Callable[[], None]) -> None:
        """Let `event` happen in `delay_s` seconds."""
        self.at(self.now + delay_s, event)

    def step(self, until_s: float) -> bool:
        """Let the next event happen if it is due by `until_s`; otherwise move the clock there."""
        if self._events and self._events[0][0] <= until_s:
            time_s, _, event = heapq.heappop(self._events)
            self.now = max(self.now, time_s)
            event()
            return True
        self.now = max(self.now, until_s)
        return False

    def pass_time(self, seconds: float) -> None:
        """Let all events of the next `seconds` happen."""
        until_s = self.now + seconds
        while self.step(until_s):
            pass

    def clock(self) -> float:
        """Monotonic seconds as the code under test reads them. A thread inside a call has its own time."""
        return self._thread.now if self._thread is not None else self.now

    @contextmanager
    def thread(self, started_at: float) -> Iterator[ThreadTime]:
        """A block that runs a call's thread, which began at `started_at` and whose time passes separately."""
        self._thread = ThreadTime(started_at)
        try:
            yield self._thread
        finally:
            self._thread = None

    def trace(self, text: str) -> None:
        """Record an event."""
        if self._trace is not None:
            self._trace(f"{self.now:11.3f}  {text}")

    @property
    def tracing(self) -> bool:
        """Whether anyone reads the trace."""
        return self._trace is not None


class ThreadTime:
    """The current time of one thread."""

    def __init__(self, now: float) -> None:
        self.now = now
