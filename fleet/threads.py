"""Threads that a process depends on: detects one that has ended or has stopped making progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from fleet.errors import ThreadEnded


class Progress:
    """Signs of life of one thread, readable by any other thread."""

    def __init__(self, name: str, patience_s: float) -> None:
        """`patience_s` is the longest gap between two beats, in seconds, before the thread counts as stuck."""
        self.name = name
        self.patience_s = patience_s
        #: number of beats so far
        self.beats = 0
        self._moved_at = time.monotonic()

    def beat(self) -> None:
        """Record that the thread is making progress."""
        self.beats += 1
        self._moved_at = time.monotonic()

    def is_recent(self, now: float) -> bool:
        """Whether the last beat is at most `patience_s` old at the monotonic time `now`."""
        return now - self._moved_at <= self.patience_s


class WatchedThread(threading.Thread):
    """A thread that runs `work`, which beats as often as it can, and keeps the exception that ended it."""

    def __init__(self, name: str, work: Callable[[Progress], None], *, patience_s: float) -> None:
        super().__init__(name=name, daemon=True)
        self.progress = Progress(name, patience_s)
        self._work = work
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Run `work` to its end; an exception is kept for `check`."""
        try:
            self._work(self.progress)
        except BaseException as exc:  # noqa: BLE001 - `check` raises it in a thread that reports errors
            self._failure = exc

    def check(self) -> None:
        """Raise ThreadEnded if the thread has ended."""
        if not self.is_alive():
            raise ThreadEnded(f"the coordinator's thread {self.name!r} ended {self.ending}") from self._failure

    @property
    def ending(self) -> str:
        """How the thread ended, in words."""
        return "without an error" if self._failure is None else f"with {self._failure!r:.300}"


class RepeatingThread(WatchedThread):
    """A thread that does the same work every few seconds until it is closed, the first time after one such pause."""

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        *,
        every_s: float,
        patience_s: float,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`wait` sleeps for some seconds and returns whether to end."""
        super().__init__(name, self._repeat, patience_s=patience_s)
        self._once, self._every_s = work, every_s
        #: set once the thread is to end, for work that waits by itself
        self.closing = threading.Event()
        self._wait = wait or self.closing.wait

    def close(self, most_s: float | None = None) -> None:
        """End the thread, and wait for it, for `most_s` seconds at most."""
        self.closing.set()
        self.join(most_s)

    def _repeat(self, progress: Progress) -> None:
        while not self._wait(self._every_s):
            progress.beat()
            self._once()


class StuckThreadDetector:
    """Finds a thread that is stuck, by checks at regular intervals.

    Checks are counted rather than seconds, so that a process that resumes with its suspended machine does not count
    as stuck.
    """

    def __init__(self, threads: Sequence[Progress], period_s: float) -> None:
        self._period_s = period_s
        self._seen = {progress: progress.beats for progress in threads}
        self._still = dict.fromkeys(threads, 0)

    def check(self) -> str | None:
        """A message that names a thread stuck for longer than its patience, or None if there is none."""
        for progress, seen in self._seen.items():
            self._still[progress] = 0 if progress.beats != seen else self._still[progress] + 1
            self._seen[progress] = progress.beats
        for progress, checks in self._still.items():
            still_s = checks * self._period_s
            if still_s > progress.patience_s:
                return f"the coordinator's thread {progress.name!r} has hung for {still_s:g} s"
        return None
