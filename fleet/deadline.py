"""A total deadline for blocking sockets.

`requests` bounds each read, not the call: a server that sends one byte a second holds a thread for ever. Here one
thread watches all calls in flight and shuts down the socket of each that is past its deadline, which ends its read at
once.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time
from collections.abc import Iterator


class Watch:
    """One call in flight."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def attach(self, sock: socket.socket) -> None:
        """The call now reads from `sock`."""
        with self._lock:
            self._socket = sock
            if self.expired:
                _shut(sock)

    def detach(self) -> None:
        """The call is over; its socket goes back to the pool untouched."""
        with self._lock:
            self._socket = None

    def expire(self) -> None:
        """End the call's read now."""
        with self._lock:
            self.expired = True
            if self._socket is not None:
                _shut(self._socket)


class Watchdog:
    """Expires watches at their deadline, on one daemon thread that starts with the first watch."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Watch]] = []
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watch(self, seconds: float) -> Iterator[Watch]:
        """A watch that expires after `seconds` unless the block ends first."""
        watch = Watch(time.monotonic() + seconds)
        with self._wake:
            heapq.heappush(self._queue, (watch.deadline, next(self._numbers), watch))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            if self._queue[0][2] is watch:
                self._wake.notify()
        try:
            yield watch
        finally:
            watch.detach()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue or self._queue[0][0] > time.monotonic():
                    self._wake.wait(self._queue[0][0] - time.monotonic() if self._queue else None)
                _, _, watch = heapq.heappop(self._queue)
            watch.expire()


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
