"""A proxy to a real Redis that can be cut while a request or an answer is on its way."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit


class Link:
    """Forwards bytes both ways. A cut ends its own connections only; Redis has carried out the request by then."""

    def __init__(self, redis_url: str) -> None:
        there = urlsplit(redis_url)
        self._there = (there.hostname or "", there.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = redis_url.replace(f":{there.port}/", f":{self._listener.getsockname()[1]}/")
        #: the words at which a connection was cut
        self.met: list[bytes] = []
        self._cut_at: bytes | None = None
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.cut()
        for thread in self._threads[1:]:
            thread.join()

    def cut_at(self, words: bytes) -> None:
        """Cut the next connection that carries these words, before they arrive."""
        self._cut_at = words

    def cut(self) -> None:
        """Cut every connection."""
        for end in self._ends:
            _hang_up(end)

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(self._there)
            self._ends += [here, there]
            for source, sink in ((here, there), (there, here)):
                self._threads.append(threading.Thread(target=self._carry, args=(source, sink)))
                self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with source, contextlib.suppress(OSError):
            while words := source.recv(65536):
                if self._cut_at is not None and self._cut_at in words:
                    self.met.append(self._cut_at)
                    self._cut_at = None
                    break
                sink.sendall(words)
        _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
