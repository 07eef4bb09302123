"""Processes killed for lack of memory, by the count of their control group."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

from tasks.host.cgroup import Groups

_MB = 1 << 20

_SCORE = Path("/proc/self/oom_score_adj")


def prefer_for_oom_kill() -> None:
    """Ask the system to kill this process before its parent when memory runs out."""
    with contextlib.suppress(OSError):
        _SCORE.write_text("500")


class OomKills:
    """Detects whether the system has killed a process of this group for lack of memory since the last look."""

    def __init__(self, own: Groups) -> None:
        self._own = own
        self._seen = own.oom_kills()

    def reason(self) -> str | None:
        """A sentence about a process killed for lack of memory; None if that has not happened since the last look."""
        granted = self.granted()
        if granted is None:
            return None
        return (
            f"the system kills for lack of memory ({granted}): "
            "give the worker more memory, or fewer processes (FLEET_WORKER__CONCURRENCY)"
        )

    def granted(self) -> str | None:
        """The amount of memory that was too little, or None when none has run out since the last look."""
        now = self._own.oom_kills()
        if now <= self._seen:
            return None
        self._seen = now
        limit = self._own.memory_bytes()
        return "this machine's memory is used up" if limit is None else f"{limit // _MB} MB are granted"


def exit_cause(code: int | None, kills: OomKills) -> str:
    """How a child process ended: its exit code, and whether memory had run out when it was killed."""
    granted = kills.granted() if code == -signal.SIGKILL else None
    return f"{code}" if granted is None else f"{code}: the system kills for lack of memory ({granted})"
