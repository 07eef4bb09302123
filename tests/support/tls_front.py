"""TLS in front of a real Redis, with certificates of the farm's own authority, or an impostor that records
passwords."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fleet.hosts.certificates import ensure_authority, ensure_server
from tests.support.relay import relay


class Front:
    """A TLS listener that forwards to a Redis, or only records what it receives if there is none."""

    def __init__(self, folder: Path, names: Sequence[str], redis_url: str | None) -> None:
        (folder / "authority").mkdir(parents=True)
        #: the authority's certificate
        self.authority = ensure_authority(folder / "authority")
        ensure_server(folder / "authority", folder, names)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "server.crt", folder / "server.key")
        there = urlsplit(redis_url or "")
        self._there = None if redis_url is None else (there.hostname or "", there.port or 0)
        self._login = there.netloc.rpartition("@")[0] or ":the-password"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        #: everything that clients sent after a handshake, decrypted
        self.received = b""
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, options: str = "", *, host: str = "127.0.0.1") -> str:
        """The URL of this front, with the credentials of the Redis behind it."""
        return f"rediss://{self._login}@{host}:{self.port}/0{options}"

    def close(self) -> None:
        """Close all connections."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(plain, server_side=True) as here:
            self._ends.append(here)
            if self._there is None:
                while words := here.recv(65536):
                    self.received += words
                return
            with socket.create_connection(self._there) as there:
                self._ends.append(there)
                threading.Thread(target=relay, args=(there, here), daemon=True).start()
                relay(here, there)


@contextmanager
def tls_front(folder: Path, *, names: Sequence[str] = ("127.0.0.1",), redis_url: str | None = None) -> Iterator[Front]:
    """A Front that runs until the block ends; without a `redis_url` it is an impostor."""
    front = Front(folder, names, redis_url)
    try:
        yield front
    finally:
        front.close()
