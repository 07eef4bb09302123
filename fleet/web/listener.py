"""An HTTP server on a thread of its own that takes few, small and quick requests."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping

from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.web import Application

from tasks.flower.crowded_server import CrowdedServer

#: connections at once unless another number is given, and seconds that one lasts at most
MOST_CLIENTS, _LONGEST_S = 16, 30.0
#: bytes of a request's headers and body, and seconds that either may take
_MOST_HEADER_BYTES, _MOST_BODY_BYTES, _SLOWEST_S = 8_192, 1_024, 5.0
_STATUS = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


class Listener:
    """Passes each request to `answer`, on the listener's thread. Raises OSError where the port can't be bound."""

    def __init__(
        self,
        answer: Callable[[HTTPServerRequest], None] | Application,
        address: str,
        port: int,
        *,
        name: str,
        most_clients: int = MOST_CLIENTS,
    ) -> None:
        self._answer, self._most_clients = answer, most_clients
        self._listener = socket.create_server((address, port), backlog=most_clients)
        self._listener.setblocking(False)
        #: the port that it listens on
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = CrowdedServer(
            self._answer,
            most=self._most_clients,
            longest_s=_LONGEST_S,
            max_header_size=_MOST_HEADER_BYTES,
            max_body_size=_MOST_BODY_BYTES,
            body_timeout=_SLOWEST_S,
            idle_connection_timeout=_SLOWEST_S,
            # a connection that waits for a next request would take the place of another client
            no_keep_alive=True,
        )
        server.add_socket(self._listener)
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()


def respond(
    request: HTTPServerRequest,
    status: int,
    body: bytes | None = None,
    content_type: str = "text/plain; charset=utf-8",
    more: Mapping[str, str] | None = None,
) -> None:
    """Answer a request; without a body, by the status's own words. `more` are further headers."""
    body = f"{_STATUS[status]}\n".encode() if body is None else body
    headers = HTTPHeaders(
        {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        | dict(more or {})
    )
    connection = request.connection
    if connection is not None:
        shown = b"" if request.method == "HEAD" else body
        connection.write_headers(ResponseStartLine("HTTP/1.1", status, _STATUS[status]), headers, shown)
        connection.finish()
