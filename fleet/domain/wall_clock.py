"""The wall clock that dates entries, and its jumps: when a person or a time server set it."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

#: Smallest step that counts as a jump, in milliseconds. A smaller one is drift that time servers correct now and then;
#: it moves an entry to another hour only if the entry is near that hour.
_STEP_MS = 10_000
#: most jumps that are kept in memory
_MOST = 100
#: the row of the ledger's `meta` table that holds the jumps: a JSON list of pairs of UTC milliseconds
JUMPS_ROW = "clock_jumps"


@dataclass(frozen=True, kw_only=True, slots=True)
class Jump:
    """A step of the clock that does not match the time that passed."""

    #: UTC milliseconds
    from_ms: int
    to_ms: int

    @property
    def by_s(self) -> float:
        """Size of the jump in seconds, negative if the clock was set back."""
        return (self.to_ms - self.from_ms) / 1000

    @property
    def text(self) -> str:
        """The jump as a sentence for people."""
        way = "forward" if self.to_ms > self.from_ms else "back"
        times = f"{_utc(self.from_ms)} → {_utc(self.to_ms)}"
        return f"the clock of this machine jumped {way} by {_span(abs(self.by_s))}: {times}"


def steady_ms() -> int:
    """Milliseconds of a clock that can't be set. On Linux it also counts the time that the machine was suspended."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


def wall_ms() -> int:
    """Milliseconds since 1970 UTC by the machine's clock."""
    return time.time_ns() // 1_000_000


class WallClock:
    """Tells the time. Detects jumps between two readings, and keeps them until they are written and reported."""

    def __init__(self, wall: Callable[[], int] = wall_ms, steady: Callable[[], int] = steady_ms) -> None:
        self._wall = wall
        self._steady = steady
        self._offset_ms = wall() - steady()
        self._unwritten: deque[Jump] = deque(maxlen=_MOST)
        self._unreported: deque[Jump] = deque(maxlen=_MOST)
        #: sum of all jumps that this process has detected, in milliseconds
        self.jumped_ms = 0

    def now_ms(self) -> int:
        """The time in UTC milliseconds; a jump since the last reading is noted."""
        wall, steady = self._wall(), self._steady()
        step_ms = wall - steady - self._offset_ms
        self._offset_ms = wall - steady
        if abs(step_ms) >= _STEP_MS:
            self.jumped_ms += step_ms
            self.note(Jump(from_ms=wall - step_ms, to_ms=wall))
        return wall

    def note(self, jump: Jump) -> None:
        """Remember a jump, including one that was detected by other means."""
        self._unwritten.append(jump)
        self._unreported.append(jump)

    def at_least(self, known_ms: int) -> None:
        """Note a jump back if the clock is behind `known_ms`, a time that it showed to an earlier process."""
        now_ms = self.now_ms()
        if now_ms < known_ms - _STEP_MS:
            self.note(Jump(from_ms=known_ms, to_ms=now_ms))

    def unwritten(self) -> list[Jump]:
        """The jumps since the last call, for the ledger."""
        return _taken(self._unwritten)

    def unreported(self) -> list[Jump]:
        """The jumps since the last call, for people."""
        return _taken(self._unreported)


def read_jumps(value: str | None) -> list[Jump]:
    """The jumps in the value of `JUMPS_ROW`. Invalid pairs are skipped, since other programs may write there."""
    try:
        pairs = json.loads(value or "[]")
    except ValueError:
        return []
    return [
        Jump(from_ms=pair[0], to_ms=pair[1])
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, list) and len(pair) == 2 and all(type(ms) is int and 0 <= ms < 10**14 for ms in pair)
    ]


def _taken(jumps: deque[Jump]) -> list[Jump]:
    return [jumps.popleft() for _ in range(len(jumps))]


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _utc(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
