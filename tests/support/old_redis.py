"""A server that speaks Redis's protocol and states any version, since such old releases are no longer packaged."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def redis_of_version(version: str | None) -> Iterator[str]:
    """The URL of a server that states `version`, or knows no HELLO when it is None, and says OK to all else.

    It speaks RESP3, which redis-py asks for.
    """

    class Connection(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.readline():
                words = [self._word() for _ in range(int(head[1:]))]
                self.wfile.write(_answer(words, version))

        def _word(self) -> bytes:
            size = int(self.rfile.readline()[1:])
            return self.rfile.read(size + 2)[:size]

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Connection) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        finally:
            server.shutdown()
            thread.join()


def _answer(words: list[bytes], version: str | None) -> bytes:
    if words[0].upper() == b"PING":
        return b"+PONG\r\n"
    if words[0].upper() != b"HELLO":
        return b"+OK\r\n"
    if version is None:
        return b"-ERR unknown command `HELLO`, with args beginning with: \r\n"
    return b"%%2\r\n$7\r\nversion\r\n$%d\r\n%s\r\n$5\r\nproto\r\n:3\r\n" % (len(version), version.encode())
