"""Services that take messages on this machine: a webhook, a mail server, and one that accepts and never answers."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as one mail takes (RFC 5321)."""

    def handle(self) -> None:
        self._say("220 sink")
        for raw in self.rfile:
            word = raw.split()[0].upper() if raw.split() else b""
            if word == b"DATA":
                self._say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.messages.append(b"".join(lines).decode())  # type: ignore[attr-defined]
            if word == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def _served(server: Any) -> Iterator[tuple[int, list[Any]]]:
    server.messages = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1], server.messages
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An Apprise URL, and the messages that came to it."""
    with _served(ThreadingHTTPServer(("127.0.0.1", 0), _Webhook)) as (port, messages):
        yield f"json://127.0.0.1:{port}/a-secret-path", messages


@contextmanager
def mail_server() -> Iterator[tuple[str, list[str]]]:
    """An Apprise URL, and the mails that came to it."""
    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail)) as (port, mails):
        yield f"mailto://127.0.0.1:{port}?from=farm@example.com&to=owner@example.com", mails


@contextmanager
def silent_service() -> Iterator[tuple[str, list[socket.socket]]]:
    """An Apprise URL of a service that accepts connections and never answers, and its connections."""
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as stack:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(stack.enter_context(server.accept()[0]))
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"json://127.0.0.1:{server.getsockname()[1]}/a-secret-path", held
