"""A forwarder passes connections on, and closes those past the most and those that nobody answers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.local.redis_server import free_port
from fleet.web.forwarding import MOST_CONNECTIONS
from fleet.web.server import WebServer
from tests.support.processes import FLEET, environ, eventually, started
from tests.support.sites import site


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    with site(tmp_path) as made:
        yield made


@contextlib.contextmanager
def forwarder(folder: Path, target: int) -> Iterator[int]:
    port = free_port()
    argv = [*FLEET, "forward", f"127.0.0.1:{port}", f"127.0.0.1:{target}"]
    with started(argv, folder, environ(folder)):
        eventually("the forwarder", lambda: listens(port))
        yield port


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=60):
        return True
    return False


def page(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one, contextlib.suppress(ConnectionError):
        one.sendall(f"GET /static/page.css HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        return b"".join(iter(lambda: one.recv(65_536), b""))
    return b""


def test_a_page_is_passed_on_whole_and_slow_visitors_hold_up_no_other(server: WebServer, tmp_path: Path) -> None:
    with forwarder(tmp_path, server.port) as port:
        assert page(port).partition(b"\r\n\r\n")[2] == page(server.port).partition(b"\r\n\r\n")[2] != b""
        with contextlib.ExitStack() as stack:
            slow = [
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
                for _ in range(MOST_CONNECTIONS + 20)
            ]
            assert b"200 OK" in page(port)
            assert slow[0].recv(1) == b"", "the oldest one made room"


def test_while_nobody_answers_a_visitor_is_closed(tmp_path: Path) -> None:
    with forwarder(tmp_path, free_port()) as port:
        assert page(port) == b""


@pytest.mark.parametrize("address", ["nowhere", ":80", "a:0", "a:65536", "a:b"])
def test_an_address_that_is_none_is_said(tmp_path: Path, address: str) -> None:
    with started([*FLEET, "forward", address, "127.0.0.1:1"], tmp_path, environ(tmp_path)) as process:
        assert process.wait() == 64
        assert "is not HOST:PORT" in process.err
