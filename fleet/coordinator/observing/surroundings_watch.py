"""Looks at the disk and at the servers' certificates now and then, on a thread of its own, since either may hang."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

#: seconds between two looks at the disk, and at the certificates
_DISK_S, _CERTIFICATE_S = 60.0, 6 * 3_600.0


class SurroundingsWatch:
    """Holds what was last seen. A thread that hangs costs nothing but the newest figures."""

    def __init__(self, folder: Path, certificate_ends: Mapping[str, Callable[[], float]]) -> None:
        """`certificate_ends` asks each server with TLS, by its name, and may raise OSError or ValueError."""
        self._folder, self._ask = folder, dict(certificate_ends)
        self._free: int | None = None
        self._ends: dict[str, float] = {}
        self._over = threading.Event()
        threading.Thread(target=self._run, name="surroundings", daemon=True).start()

    def free_bytes(self) -> int | None:
        """Free bytes on the disk of the ledger; None while unknown."""
        return self._free

    def certificates_end(self) -> Mapping[str, float]:
        """When each server's certificate ends, in Unix seconds, as far as known."""
        return self._ends

    def close(self) -> None:
        """End the thread soon."""
        self._over.set()

    def _run(self) -> None:
        ask_at = time.monotonic()
        while True:
            with contextlib.suppress(OSError):
                room = os.statvfs(self._folder)
                self._free = room.f_bavail * room.f_frsize
            if time.monotonic() >= ask_at:
                ask_at = time.monotonic() + _CERTIFICATE_S
                for server, ask in self._ask.items():
                    # one that does not answer or verify is seen by the calls
                    with contextlib.suppress(OSError, ValueError):
                        self._ends = self._ends | {server: ask()}
            if self._over.wait(_DISK_S):
                return
