"""Flower's HTTP server, which bounds the memory and the time that visitors take before they have shown a password."""

from __future__ import annotations

from typing import Any

from flower.app import Flower
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

#: connections at once; a browser opens six
MOST_CONNECTIONS = 256
#: bytes of a request's header, and of its body: pages that only show need no body
MOST_HEADER_BYTES = 16 * 1024
MOST_BODY_BYTES = 64 * 1024
#: seconds in which a whole header and a whole body have to arrive, and after which an idle connection is closed
_PATIENCE_S = 60.0


class BoundedServer(HTTPServer):
    """Closes connections beyond `MOST_CONNECTIONS` as they come."""

    def handle_stream(self, stream: Any, address: Any) -> None:
        """Serve a new connection, or close it."""
        if len(self._connections) >= MOST_CONNECTIONS:
            stream.close()
            return
        super().handle_stream(stream, address)


class BoundedFlower(Flower):  # type: ignore[misc]  # Flower has no types
    """Flower behind a `BoundedServer`: by itself it keeps bodies of 100 MB, several of which end its container."""

    def start_http_server(self) -> int:
        """Listen, and return the port."""
        sockets = bind_sockets(self.options.port, address=self.options.address)
        server = BoundedServer(
            self,
            xheaders=self.options.xheaders,
            max_header_size=MOST_HEADER_BYTES,
            max_body_size=MOST_BODY_BYTES,
            idle_connection_timeout=_PATIENCE_S,
            body_timeout=_PATIENCE_S,
        )
        server.add_sockets(sockets)
        port: int = sockets[0].getsockname()[1]
        return port
