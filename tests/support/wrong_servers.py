"""Servers that are not NeoNet's: a redirect, an early release, a sign-in page, an untrusted certificate."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fleet.hosts.certificates import ensure_authority, ensure_server

PAGE = b"<!DOCTYPE html><html><head><title>Sign in to the hotel's network</title></head><body></body></html>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Says:
    """The answer of a server to every request."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


REDIRECT = Says(status=301, body=b"", headers={"Location": "https://new.example/ai-energy/register"})
FIRST_RELEASE = Says(status=404, body=b'{"detail":"Not Found"}')
SIGN_IN = Says(status=200, body=PAGE, content_type="text/html")


class _Server(ThreadingHTTPServer):
    """Answers every request with `says`."""

    daemon_threads = True

    def __init__(self, says: Says) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.says = says

    def handle_error(self, *_: object) -> None:
        """Report nothing: a client that refuses the certificate hangs up during the handshake."""

    def certify(self, folder: Path) -> None:
        """Speak TLS from now on, with the authority in that folder."""
        ensure_authority(folder)
        ensure_server(folder, folder, ["127.0.0.1"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        says = self.server.says
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(says.status)
        for name, value in says.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", says.content_type)
        self.send_header("Content-Length", str(len(says.body)))
        self.end_headers()
        self.wfile.write(says.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Log nothing, to keep the test's output quiet."""


@contextmanager
def server_that(says: Says, *, certified_in: Path | None = None) -> Iterator[str]:
    """A server that answers this; yields its URL. With a folder it speaks TLS, with its authority in `ca.crt` there."""
    with _Server(says) as server:
        if certified_in is not None:
            server.certify(certified_in)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"{'https' if certified_in else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
