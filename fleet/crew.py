"""Threads that a process depends on: detects one that has ended or has stopped making progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from fleet.errors import ThreadEnded


class Motion:
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

    def moves(self, now: float) -> bool:
        """Whether the last beat is at most `patience_s` old at the monotonic time `now`."""
        return now - self._moved_at <= self.patience_s


class Vital(threading.Thread):
    """A thread that runs `work`, which beats as often as it can, and keeps the exception that ended it."""

    def __init__(self, name: str, work: Callable[[Motion], None], *, patience_s: float) -> None:
        super().__init__(name=name, daemon=True)
        self.motion = Motion(name, patience_s)
        self._work = work
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Run `work` to its end; an exception is kept for `check`."""
        try:
            self._work(self.motion)
        except BaseException as exc:  # noqa: BLE001 - `check` raises it in a thread that reports errors
            self._failure = exc

    def check(self) -> None:
        """Raise ThreadEnded if the thread has ended."""
        if not self.is_alive():
            why = "without an error" if self._failure is None else f"with {self._failure!r:.300}"
            raise ThreadEnded(f"the coordinator's thread {self.name!r} ended {why}") from self._failure


class Lookout:
    """Finds a thread that is stuck, by looking at regular intervals.

    Looks are counted rather than seconds, so that a process that resumes with its suspended machine does not count
    as stuck.
    """

    def __init__(self, motions: Sequence[Motion], period_s: float) -> None:
        self._period_s = period_s
        self._seen = {motion: motion.beats for motion in motions}
        self._still = dict.fromkeys(motions, 0)

    def look(self) -> str | None:
        """A message that names a thread stuck for longer than its patience, or None if there is none."""
        for motion, seen in self._seen.items():
            self._still[motion] = 0 if motion.beats != seen else self._still[motion] + 1
            self._seen[motion] = motion.beats
        for motion, looks in self._still.items():
            still_s = looks * self._period_s
            if still_s > motion.patience_s:
                return f"the coordinator's thread {motion.name!r} stands still for {still_s:g} s"
        return None
