"""Detects a stuck child process, one that has stopped giving its regular sign of life."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

#: how long a child may give no sign of life, in seconds
PATIENCE_S = 90.0
#: how long the first sign may take, in seconds, since the start may migrate an old ledger
START_S = 600.0
#: most seconds that count between two checks
_MOST_A_CHECK_S = 1.0

#: a function whose value changes while a child is alive
Sign = Callable[[], object]


class Liveness:
    """Adds up how long a child's sign of life has not changed while this process was looking.

    Long gaps between checks hardly count: when the whole machine was asleep or stopped, no child is to blame.
    """

    def __init__(self, sign: Sign, patience_s: float | None = None) -> None:
        """`patience_s` replaces `PATIENCE_S`."""
        self._sign, self._patience_s = sign, patience_s
        self.reset()

    def reset(self) -> None:
        """Reset for a newly started child."""
        self._first = self._last = self._sign()
        self._checked_at: float | None = None
        #: how long the sign of life has not changed, in seconds
        self.still_s = 0.0

    def is_stuck(self, now: float) -> bool:
        """Whether the child has been stuck for longer than allowed, at the monotonic time `now`."""
        sign = self._sign()
        if sign != self._last:
            self.still_s = 0.0
        elif self._checked_at is not None:
            self.still_s += min(now - self._checked_at, _MOST_A_CHECK_S)
        self._last, self._checked_at = sign, now
        patience_s = PATIENCE_S if self._patience_s is None else self._patience_s
        return self.still_s > (START_S if sign == self._first else patience_s)


def touched(path: Path) -> Sign:
    """When `path` was last modified, in nanoseconds; None where there is no such file."""

    def sign() -> int | None:
        try:
            return path.stat().st_mtime_ns
        except OSError:
            return None

    return sign


def answered(ask: Callable[[], bool], every_s: float) -> Sign:
    """How often `ask`, called every `every_s` seconds, has returned true."""
    count, asked_at = 0, float("-inf")

    def sign() -> int:
        nonlocal count, asked_at
        if time.monotonic() - asked_at >= every_s:
            count += ask()
            asked_at = time.monotonic()
        return count

    return sign
