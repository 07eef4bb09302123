"""The threads that a process can't do without: whether one has ended, and whether each of them moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from fleet.errors import ThreadEnded


class Motion:
    """Signs of life of one thread, which any other thread may read."""

    def __init__(self, name: str, patience_s: float) -> None:
        """`patience_s` is the longest time between two beats that is no fault of the thread, in seconds."""
        self.name = name
        self.patience_s = patience_s
        #: how often it beat
        self.beats = 0
        self._moved_at = time.monotonic()

    def beat(self) -> None:
        """The thread moves."""
        self.beats += 1
        self._moved_at = time.monotonic()

    def moves(self, now: float) -> bool:
        """Whether it beat within its patience before the monotonic time `now`."""
        return now - self._moved_at <= self.patience_s


class Vital(threading.Thread):
    """A thread of a crew: runs `work`, which beats as often as it can, and remembers what ended it."""

    def __init__(self, name: str, work: Callable[[Motion], None], *, patience_s: float) -> None:
        super().__init__(name=name, daemon=True)
        self.motion = Motion(name, patience_s)
        self._work = work
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Work until the end; an exception is kept for `check`."""
        try:
            self._work(self.motion)
        except BaseException as exc:  # noqa: BLE001 - whatever it was, `check` raises it where it is heard
            self._failure = exc

    def check(self) -> None:
        """Raise ThreadEnded when the thread is over."""
        if not self.is_alive():
            why = "without an error" if self._failure is None else f"with {self._failure!r:.300}"
            raise ThreadEnded(f"the coordinator's thread {self.name!r} ended {why}") from self._failure


class Lookout:
    """Finds the thread that stands still, by looks at equal intervals.

    Looks are counted, not seconds, so that a process that was stopped with its machine, and goes on, is not found
    guilty of it.
    """

    def __init__(self, motions: Sequence[Motion], period_s: float) -> None:
        self._period_s = period_s
        self._seen = {motion: motion.beats for motion in motions}
        self._still = dict.fromkeys(motions, 0)

    def look(self) -> str | None:
        """What stands still for longer than its patience, in words; None while all move."""
        for motion, seen in self._seen.items():
            self._still[motion] = 0 if motion.beats != seen else self._still[motion] + 1
            self._seen[motion] = motion.beats
        for motion, looks in self._still.items():
            still_s = looks * self._period_s
            if still_s > motion.patience_s:
                return f"the coordinator's thread {motion.name!r} stands still for {still_s:g} s"
        return None
