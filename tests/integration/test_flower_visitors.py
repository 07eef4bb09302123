"""What a visitor without a password can make Flower keep: few connections, short headers and short bodies."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest

from tasks.flower.http_server import MOST_BODY_BYTES, MOST_CONNECTIONS, MOST_HEADER_BYTES
from tests.integration.test_flower_door import answer, flower

__all__ = ["flower"]
_PATIENCE_S = 30.0


def visit(url: str) -> socket.socket:
    """A new connection."""
    place = urlsplit(url)
    return socket.create_connection((str(place.hostname), int(place.port or 0)), _PATIENCE_S)


def said(visitor: socket.socket) -> bytes:
    """All that Flower answers until it closes."""
    answered = b""
    try:
        while words := visitor.recv(65_536):
            answered += words
    except ConnectionResetError:
        pass
    return answered


@pytest.fixture
def visitor(flower: str) -> Iterator[socket.socket]:
    with visit(flower) as one:
        yield one


@pytest.mark.parametrize("size", [MOST_BODY_BYTES + 1, 99_000_000])
def test_a_long_body_is_refused_before_it_comes(visitor: socket.socket, size: int) -> None:
    visitor.sendall(b"POST /api/task/x HTTP/1.1\r\nHost: f\r\nContent-Length: %d\r\n\r\n" % size)
    assert said(visitor).startswith(b"HTTP/1.1 400 ")


def test_a_body_in_parts_is_refused_once_it_is_long(visitor: socket.socket) -> None:
    visitor.sendall(b"POST /api/task/x HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n\r\n")
    part = b"%x\r\n%s\r\n" % (MOST_BODY_BYTES // 2, b"x" * (MOST_BODY_BYTES // 2))
    visitor.sendall(part + part)
    visitor.sendall(b"1\r\nx\r\n")
    assert said(visitor).startswith(b"HTTP/1.1 400 ")


def test_a_long_header_ends_the_connection(visitor: socket.socket) -> None:
    visitor.sendall(b"GET /healthcheck HTTP/1.1\r\nHost: f\r\nX: " + b"x" * MOST_HEADER_BYTES)
    assert said(visitor) == b""


def test_visitors_who_end_no_request_take_places_from_each_other_alone(flower: str) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(visit(flower)) for _ in range(MOST_CONNECTIONS + 1)]
        for one in held:
            with suppress(ConnectionError):
                # with a part of a header each counts as long as it is held
                one.sendall(b"GET /")
        assert answer(f"{flower}/healthcheck") == 200
        assert said(held[0]) == b"", "the oldest one made room"
