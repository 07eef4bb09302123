"""A small forward proxy on loopback: CONNECT for https, the absolute form for http."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.support.relay import relay


class ForwardProxy:
    """Forwards requests, and records the head of each. With `refuses`, it answers that status line instead.

    With `refuses` it answers that status line instead.
    """

    def __init__(self, listener: socket.socket, refuses: str) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        #: the heads of all requests
        self.heads: list[bytes] = []
        self._listener = listener
        self._refuses = refuses
        self._ends: list[socket.socket] = []

    @property
    def lines(self) -> list[str]:
        """The first line of each request."""
        return [head.split(b"\r\n", 1)[0].decode() for head in self.heads]

    def accept(self) -> None:
        """Serve until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                self._ends.append(here)
                threading.Thread(target=self._serve, args=(here,), daemon=True).start()

    def close(self) -> None:
        """Close all connections."""
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _serve(self, here: socket.socket) -> None:
        with here, contextlib.suppress(OSError):
            while head := _head(here):
                self.heads.append(head)
                method, target, _ = head.split(b" ", 2)
                if self._refuses:
                    here.sendall(f"HTTP/1.1 {self._refuses}\r\nContent-Length: 0\r\n\r\n".encode())
                elif method == b"CONNECT":
                    self._tunnel(here, target.decode())
                    return
                else:
                    _forward(here, head, target.decode())

    def _tunnel(self, here: socket.socket, target: str) -> None:
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self._ends.append(there)
            here.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=relay, args=(there, here), daemon=True).start()
            relay(here, there)


def _head(here: socket.socket) -> bytes:
    """The next request up to the end of its head; empty if the connection ends."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = here.recv(1)
        if not byte:
            return b""
        head += byte
    return head


def _forward(here: socket.socket, head: bytes, target: str) -> None:
    """Send one request on in origin form, and return the whole answer."""
    parts = urlsplit(target)
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as there:
        own = re.sub(rb"(?im)^(proxy-[a-z-]+|connection):.*\r\n", b"", head)
        there.sendall(own.replace(target.encode(), parts.path.encode(), 1)[:-2] + b"Connection: close\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        left = int(length[1]) if length else 0
        while left:
            part = here.recv(left)
            there.sendall(part)
            left -= len(part)
        start, _, rest = _head(there).partition(b"\r\n")
        here.sendall(start + b"\r\nConnection: close\r\n" + rest)
        while part := there.recv(65536):
            here.sendall(part)
        here.shutdown(socket.SHUT_RDWR)


@contextmanager
def forward_proxy(*, refuses: str = "") -> Iterator[ForwardProxy]:
    """A ForwardProxy that runs until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        proxy = ForwardProxy(listener, refuses)
        thread = threading.Thread(target=proxy.accept)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            proxy.close()
