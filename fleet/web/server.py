"""Serves /metrics on 127.0.0.1, on a thread of its own. It only reads, and takes few, small and quick requests.

Pages of a browser on this machine can't read it by another name of 127.0.0.1: only its own names are answered.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.iostream import IOStream

_HOST = "127.0.0.1"
_NAMES = frozenset({"127.0.0.1", "localhost"})
#: connections at once, and seconds that one lasts at most
MOST_CLIENTS, _LONGEST_S = 16, 30.0
#: bytes of a request's headers and body, and seconds that either may take
_MOST_HEADER_BYTES, _MOST_BODY_BYTES, _SLOWEST_S = 8_192, 1_024, 5.0
#: seconds for which an answer is given again, so that no number of requests costs more than one a second
_SAME_S = 1.0
_STATUS = {200: "OK", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


class _BoundedServer(HTTPServer):
    """Closes connections past the most, and each one after a while."""

    def initialize(self, *args: object, **named: object) -> None:
        self.clients = 0
        super().initialize(*args, **named)  # type: ignore[arg-type]

    def handle_stream(self, stream: IOStream, address: tuple[object, ...]) -> None:
        if self.clients >= MOST_CLIENTS:
            stream.close()
            return
        self.clients += 1
        asyncio.get_running_loop().call_later(_LONGEST_S, stream.close)
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        self.clients -= 1
        super().on_close(server_conn)


class MetricsServer:
    """Answers GET /metrics with what `registry` holds. Raises OSError where the port can't be bound."""

    def __init__(self, registry: CollectorRegistry, port: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._text, self._made_at = b"", float("-inf")
        self._listener = socket.create_server((_HOST, port), backlog=MOST_CLIENTS)
        self._listener.setblocking(False)
        #: the port that it listens on
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = _BoundedServer(
            self._answer,
            max_header_size=_MOST_HEADER_BYTES,
            max_body_size=_MOST_BODY_BYTES,
            body_timeout=_SLOWEST_S,
            idle_connection_timeout=_SLOWEST_S,
        )
        server.add_socket(self._listener)
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()

    def _answer(self, request: HTTPServerRequest) -> None:
        status = _status(request)
        body = self._metrics() if status == 200 else f"{_STATUS[status]}\n".encode()
        headers = HTTPHeaders(
            {
                "Content-Type": CONTENT_TYPE_PLAIN_0_0_4 if status == 200 else "text/plain; charset=utf-8",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            }
        )
        connection = request.connection
        if connection is not None:
            shown = b"" if request.method == "HEAD" else body
            connection.write_headers(ResponseStartLine("HTTP/1.1", status, _STATUS[status]), headers, shown)
            connection.finish()

    def _metrics(self) -> bytes:
        now = self._clock()
        if now - self._made_at >= _SAME_S:
            self._text, self._made_at = generate_latest(self._registry), now
        return self._text


def _status(request: HTTPServerRequest) -> int:
    if request.host_name not in _NAMES:
        return 403
    if request.method not in {"GET", "HEAD"}:
        return 405
    return 200 if request.path == "/metrics" else 404
