"""An HTTP server whose visitors can't keep each other out, however many they are and however slow."""

from __future__ import annotations

from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream


class CrowdedServer(HTTPServer):
    """Keeps a bounded number of connections. Past it, each new one takes the place of an old one.

    The one that goes is the oldest whose request has not arrived yet, or the oldest if all have. So clients that never
    finish their requests take places from each other.
    """

    def initialize(  # type: ignore[override]  # it needs `most`
        self, *args: Any, most: int, longest_s: float | None = None, **named: Any
    ) -> None:
        """`most` is how many connections are kept, `longest_s` after how many seconds each is closed."""
        self._most, self._longest_s = most, longest_s
        #: the connections, oldest first, and what will close each
        self._open: dict[IOStream, object] = {}
        super().initialize(*args, **named)

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a new connection."""
        if len(self._open) >= self._most:
            self._close(next((one for one in self._open if one.reading()), next(iter(self._open))))
        longest_s = self._longest_s
        self._open[stream] = None if longest_s is None else IOLoop.current().call_later(longest_s, stream.close)
        super().handle_stream(stream, address)

    def on_close(self, server_conn: Any) -> None:
        """Forget a connection that ended."""
        self._forget(server_conn.stream)
        super().on_close(server_conn)

    def _close(self, stream: IOStream) -> None:
        self._forget(stream)
        stream.close()

    def _forget(self, stream: IOStream) -> None:
        later = self._open.pop(stream, None)
        if later is not None:
            # or the timer would hold the connection's memory to its end
            IOLoop.current().remove_timeout(later)
