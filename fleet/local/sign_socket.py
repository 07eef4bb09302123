"""A socket for a child's signs of life, which it sends as it would to systemd: no slow disk can hold them up."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

_MOST_BYTES = 64


class SignSocket:
    """Counts the signs that have come. Without a socket, as under too long a path, there are none to wait for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self._socket: socket.socket | None = None
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.setblocking(False)
        try:
            made.bind(str(path))
        except OSError:
            made.close()
        else:
            self._socket = made

    @property
    def variables(self) -> dict[str, str]:
        """The environment by which the child finds the socket."""
        return {"NOTIFY_SOCKET": str(self._path)} if self._socket is not None else {}

    def sign(self) -> int:
        """The number of signs so far."""
        with contextlib.suppress(BlockingIOError):
            while self._socket is not None and self._socket.recv(_MOST_BYTES):
                self._count += 1
        return self._count

    def close(self) -> None:
        """Receive no more."""
        if self._socket is not None:
            self._socket.close()
