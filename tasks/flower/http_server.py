"""Flower's HTTP server, which bounds the memory and the time that visitors take before they have shown a password."""

from __future__ import annotations

from flower.app import Flower
from tornado.netutil import bind_sockets

from tasks.flower.crowded_server import CrowdedServer

#: connections at once; a browser opens six
MOST_CONNECTIONS = 256
#: bytes of a request's header, and of its body: pages that only show need no body
MOST_HEADER_BYTES = 16 * 1024
MOST_BODY_BYTES = 64 * 1024
#: seconds in which a whole header and a whole body have to arrive, and after which an idle connection is closed
_PATIENCE_S = 60.0


class BoundedFlower(Flower):  # type: ignore[misc]  # Flower has no types
    """Flower behind a server with bounds: by itself it keeps bodies of 100 MB, several of which end its container."""

    def start_http_server(self) -> int:
        """Listen, and return the port."""
        sockets = bind_sockets(self.options.port, address=self.options.address)
        server = CrowdedServer(
            self,
            most=MOST_CONNECTIONS,
            xheaders=self.options.xheaders,
            max_header_size=MOST_HEADER_BYTES,
            max_body_size=MOST_BODY_BYTES,
            idle_connection_timeout=_PATIENCE_S,
            body_timeout=_PATIENCE_S,
        )
        server.add_sockets(sockets)
        port: int = sockets[0].getsockname()[1]
        return port
