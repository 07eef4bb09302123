"""Signs of life for systemd, which restarts a service that sends none for `WatchdogSec`. Does nothing elsewhere."""

from __future__ import annotations

import contextlib
import os
import socket

#: variables by which systemd asks a service for signs of life; the service's children must not inherit them
VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_ALIVE = b"WATCHDOG=1"


def ping() -> None:
    """Send a sign of life if systemd watches this very process, or the supervisor of a local farm in its place.

    A message that can't be sent is lost; the next one follows soon.
    """
    _send(_ALIVE)


def expect_within(seconds: float) -> None:
    """Change `WatchdogSec` for this process: a start may take longer than a running process may be silent."""
    _send(f"WATCHDOG_USEC={int(seconds * 1e6)}".encode())


def _send(message: bytes) -> None:
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")) or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        out.sendto(message, address)
