"""A server that answers 500 on a connection that it seems to keep, and then closes it, as uvicorn does."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

#: how long it waits for a request that it will not answer, to catch any client that sends one
_TRAP_S = 0.1
_BROKEN = b"Internal Server Error"


class ClosingServer:
    """Answers 500 to POSTs and 200 to GETs. It closes with a reset, or with a FIN if `silent`."""

    def __init__(self, listener: socket.socket, *, silent: bool) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        #: answered requests, by method
        self.answered: Counter[str] = Counter()
        #: connections on which another request came after the 500
        self.trapped = 0
        #: all connections
        self.connections = 0
        self._listener = listener
        self._silent = silent
        self._threads: list[threading.Thread] = []

    def accept(self) -> None:
        """Serve until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def join(self) -> None:
        """Wait until every connection has ended."""
        for thread in self._threads:
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5.0)
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while line := stream.readline():
                length = 0
                while (header := stream.readline()).strip():
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                stream.read(length)
                method = line.split()[0].decode()
                self.answered[method] += 1
                if method == "POST":
                    connection.sendall(_answer(b"500 Internal Server Error", _BROKEN))
                    self._close(connection)
                    return
                connection.sendall(_answer(b"200 OK", b'{"ok": 1}'))

    def _close(self, connection: socket.socket) -> None:
        came, _, _ = select.select([connection], [], [], _TRAP_S)
        if came and connection.recv(65536, 0 if self._silent else socket.MSG_PEEK):
            self.trapped += 1


def _answer(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@contextmanager
def closing_server(*, silent: bool = False) -> Iterator[ClosingServer]:
    """A ClosingServer that runs until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        server = ClosingServer(listener, silent=silent)
        thread = threading.Thread(target=server.accept)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            server.join()
