"""What a server's loop needs beside its farm, without threads: calls and writes that are over at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.virtual.server import ran


class AtOnce:
    """Runs each call at once."""

    def submit(self, function: Callable[..., Any], *args: Any) -> None:
        """Run it."""
        ran(function(*args))


class Books:
    """Writes at once."""

    waits_s, reason = 0.0, ""

    def write(self, writes: object) -> bool:
        """Written."""
        return bool(writes) or True

    def hold(self, writes: object) -> None:
        """Nothing waits."""

    def write_ended(self) -> bool:
        """Nothing is under way."""
        return True

    def knows(self, job_id: str) -> bool:
        """It can be read."""
        return bool(job_id)
