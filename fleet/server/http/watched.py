"""Connections whose request can be aborted at any moment, and that record whether any of it was sent."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from fleet.server.http.interface import Request


class AbandonedError(OSError):
    """Nobody waits for this request any more; nothing of it is sent."""


class InFlight:
    """One request under way: one thread sends it, and another may abort it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        #: whether the server may have received a part of it
        self.sent = False
        #: the connection that carries it
        self.connection: WatchedConnection | None = None
        self._over = False
        self._lock = threading.Lock()

    def use(self, connection: WatchedConnection) -> None:
        """Record its connection, which may not be made yet. Raises AbandonedError."""
        with self._lock:
            self._go_on()
            self.connection = connection

    def mark_sent(self) -> None:
        """Record that its first byte is sent next. Raises AbandonedError."""
        with self._lock:
            self._go_on()
            self.sent = True

    def finish(self) -> None:
        """Record that its answer was read, or never will be, so that the connection is free for another request."""
        with self._lock:
            self._over = True

    def abort(self, *, unless_sent: bool = False) -> bool:
        """End its connection unless the request has ended; whether this call did so. Nothing is sent after that."""
        with self._lock:
            if self._over or (unless_sent and self.sent):
                return False
            self._over = True
            if self.connection is not None:
                self.connection.hang_up()
            return True

    def _go_on(self) -> None:
        if self._over:
            raise AbandonedError("given up before anything was sent")


class _Here(threading.local):
    """The request of this thread."""

    in_flight: InFlight


HERE = _Here()


class WatchedConnection(HTTPConnection):
    """A connection that records in its thread's request when it is made and when it is used."""

    #: when it was made, in monotonic seconds
    made_at = 0.0

    def connect(self) -> None:
        """Connect, including proxy and TLS."""
        HERE.in_flight.use(self)
        super().connect()
        self.made_at = time.monotonic()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, once connected."""
        HERE.in_flight.use(self)
        if self.is_closed:
            self.connect()
        HERE.in_flight.mark_sent()
        super().request(*args, **kwargs)

    def hang_up(self) -> None:
        """Shut the socket down, which wakes the thread that reads or writes."""
        if isinstance(self.sock, socket.socket):
            with contextlib.suppress(OSError):
                # no orderly end of TLS, since another thread is using it
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class WatchedTlsConnection(WatchedConnection, HTTPSConnection):
    """A watched connection over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = WatchedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = WatchedTlsConnection


#: value for a PoolManager's `pool_classes_by_scheme`
POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _PlainPool, "https": _TlsPool}
