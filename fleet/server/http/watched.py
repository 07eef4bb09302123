"""Connections that a request can be taken off at any moment, and that know whether any of it was sent."""

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
    """One request on its way: a thread carries it, and another one may end it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        #: whether the server may have got a part of it
        self.sent = False
        #: the connection that carries it
        self.connection: WatchedConnection | None = None
        self._over = False
        self._lock = threading.Lock()

    def use(self, connection: WatchedConnection) -> None:
        """It travels by this connection, which may have to be made first. Raises AbandonedError."""
        with self._lock:
            self._go_on()
            self.connection = connection

    def mark_sent(self) -> None:
        """Its first byte is sent next. Raises AbandonedError."""
        with self._lock:
            self._go_on()
            self.sent = True

    def finish(self) -> None:
        """Its answer is read, or never will be: the connection is not this request's any more."""
        with self._lock:
            self._over = True

    def abort(self, *, unless_sent: bool = False) -> bool:
        """Hang up, unless it is over; whether this call did it. What is not sent by now never will be."""
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
    """What this thread carries."""

    in_flight: InFlight


HERE = _Here()


class WatchedConnection(HTTPConnection):
    """A connection that tells the request of its thread when it is made and when it is used."""

    #: monotonic seconds at which it was made
    made_at = 0.0

    def connect(self) -> None:
        """Make the connection, which takes proxy and TLS along."""
        HERE.in_flight.use(self)
        super().connect()
        self.made_at = time.monotonic()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, once the connection stands."""
        HERE.in_flight.use(self)
        if self.is_closed:
            self.connect()
        HERE.in_flight.mark_sent()
        super().request(*args, **kwargs)

    def hang_up(self) -> None:
        """Wake the thread that reads from it or writes to it."""
        if isinstance(self.sock, socket.socket):
            with contextlib.suppress(OSError):
                # TLS is not ended in order: another thread is in the midst of it
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class WatchedTlsConnection(WatchedConnection, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = WatchedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = WatchedTlsConnection


#: what a PoolManager's `pool_classes_by_scheme` is set to
POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _PlainPool, "https": _TlsPool}
