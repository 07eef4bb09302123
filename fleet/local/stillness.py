"""Whether a child process that shows signs of life every few seconds stands still."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

#: how long a child may show no sign of life, in seconds
PATIENCE_S = 90.0
#: until the first one: an old ledger is brought up to date then
START_S = 600.0
#: between two looks no more than this counts
_MOST_A_LOOK_S = 1.0

#: a value that changes while a child lives
Sign = Callable[[], object]


class Stillness:
    """Adds up for how long a child's sign of life stayed the same while this process looked.

    Time between looks hardly counts: when a whole machine slept, or was stopped, none of its processes stands still.
    """

    def __init__(self, sign: Sign) -> None:
        self._sign = sign
        self.begin()

    def begin(self) -> None:
        """The child is started: what it did before does not count."""
        self._first = self._last = self._sign()
        self._looked_at: float | None = None
        #: for how long it was seen to stand still, in seconds
        self.still_s = 0.0

    def look(self, now: float) -> bool:
        """Whether it stands still for longer than it may, at the monotonic time `now`."""
        sign = self._sign()
        if sign != self._last:
            self.still_s = 0.0
        elif self._looked_at is not None:
            self.still_s += min(now - self._looked_at, _MOST_A_LOOK_S)
        self._last, self._looked_at = sign, now
        return self.still_s > (START_S if sign == self._first else PATIENCE_S)


def touched(path: Path) -> Sign:
    """When `path` was touched, in nanoseconds; None where there is no such file."""

    def sign() -> int | None:
        try:
            return path.stat().st_mtime_ns
        except OSError:
            return None

    return sign


def answered(ask: Callable[[], bool], every_s: float) -> Sign:
    """How often `ask`, which is called every so many seconds, was answered."""
    count, asked_at = 0, float("-inf")

    def sign() -> int:
        nonlocal count, asked_at
        if time.monotonic() - asked_at >= every_s:
            count += ask()
            asked_at = time.monotonic()
        return count

    return sign
