"""Processes that the system killed because memory ran out, by the count that their control group keeps."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

from tasks.host.cgroup import Groups

_MB = 1 << 20

_SCORE = Path("/proc/self/oom_score_adj")


def go_first() -> None:
    """Ask the system to kill this process rather than the one that started it, should memory run out."""
    with contextlib.suppress(OSError):
        _SCORE.write_text("500")


class OomKills:
    """Tells whether the system killed a process of this group for its memory since the last look."""

    def __init__(self, own: Groups) -> None:
        self._own = own
        self._seen = own.oom_kills()

    def reason(self) -> str | None:
        """What to say of a process that was killed, or None: memory has not run out since the last look."""
        granted = self.granted()
        if granted is None:
            return None
        return (
            f"the system kills for lack of memory ({granted}): "
            "give the worker more memory, or fewer processes (FLEET_WORKER__CONCURRENCY)"
        )

    def granted(self) -> str | None:
        """How much memory was not enough, or None: it has not run out since the last look."""
        now = self._own.oom_kills()
        if now <= self._seen:
            return None
        self._seen = now
        limit = self._own.memory_bytes()
        return "this machine's memory is used up" if limit is None else f"{limit // _MB} MB are granted"


def ending(code: int | None, kills: OomKills) -> str:
    """How a child process ended: its exit code, and whether memory had run out when it was killed."""
    granted = kills.granted() if code == -signal.SIGKILL else None
    return f"{code}" if granted is None else f"{code}: the system kills for lack of memory ({granted})"
