"""/metrics is served to this machine alone, read-only, to few clients with small requests, beside everything else."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from fleet.web.farm_metrics import MetricsText, farm_metrics
from fleet.web.listener import MOST_CLIENTS, Listener
from fleet.web.scraping import ScrapeServer
from fleet.web.server import MetricsServer
from tests.support.processes import eventually
from tests.support.snapshots import SNAPSHOT

GET = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    _, registry = farm_metrics(lambda: SNAPSHOT, release="0.1.0")
    with contextlib.closing(MetricsServer(MetricsText(registry), 0)) as made:
        yield made


def connected(server: Listener) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def answer(server: Listener, request: bytes) -> bytes:
    """All that comes back until the server closes the connection."""
    with connected(server) as one:
        with contextlib.suppress(ConnectionError):
            one.sendall(request)
        return read(one)


def read(one: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := one.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def test_the_snapshots_figures_are_served_as_text_of_prometheus(server: MetricsServer) -> None:
    text = answer(server, GET).decode()
    assert text.startswith("HTTP/1.1 200 OK\r\n")
    assert "text/plain; version=0.0.4" in text
    assert "neonet_ledger_nnet 112.345678901\n" in text
    assert 'neonet_miner_ledger_nnet{miner="garage-1"} 12.345678901\n' in text
    assert 'neonet_build_info{version="0.1.0"} 1.0\n' in text
    assert 'celery_queue_length{queue_name="neonet.jobs.2"} 5.0\n' in text


@pytest.mark.parametrize(
    ("request_line", "host", "status"),
    [
        ("GET /metrics", "localhost:8080", 200),
        ("HEAD /metrics", "127.0.0.1", 200),
        ("GET /metrics", "evil.example.com", 403),
        ("GET /metrics", "127.0.0.1.evil.example.com:8080", 403),
        ("GET /", "127.0.0.1", 404),
        ("GET /metrics/../etc/passwd", "127.0.0.1", 404),
        ("POST /metrics", "127.0.0.1", 405),
        ("DELETE /metrics", "127.0.0.1", 405),
    ],
)
def test_only_a_read_of_the_one_page_by_its_own_name_is_answered(
    server: MetricsServer, request_line: str, host: str, status: int
) -> None:
    got = answer(
        server, f"{request_line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    )
    assert got.split(b" ")[1] == str(status).encode()
    assert (b"neonet_" in got) == (status == 200 and request_line.startswith("GET"))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 100_000,
        b"\x00\xff\x16\x03\x01 rubbish\r\n\r\n",
    ],
    ids=["header", "body", "rubbish"],
)
def test_a_request_that_is_too_large_or_none_gets_no_metrics(server: MetricsServer, request_bytes: bytes) -> None:
    assert b"neonet_" not in answer(server, request_bytes)
    assert b" 200 OK" in answer(server, GET)


def test_clients_past_the_most_are_turned_away_until_the_slow_ones_have_been_closed(server: MetricsServer) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(server)) for _ in range(MOST_CLIENTS)]
        for one in slow:
            one.sendall(b"GET /metrics HTTP/1.1\r\n")
        eventually("a client is turned away", lambda: answer(server, GET) == b"")
        assert [read(one) for one in slow] == [b""] * MOST_CLIENTS, "each slow one is closed, unanswered"
        eventually("the next one is served", lambda: b" 200 OK" in answer(server, GET))


def test_a_port_in_use_raises_and_closing_frees_it(server: MetricsServer) -> None:
    _, registry = farm_metrics(lambda: None, release="0.1.0")
    with pytest.raises(OSError, match="in use"):
        MetricsServer(MetricsText(registry), server.port)
    began = time.monotonic()
    again = MetricsServer(MetricsText(registry), 0)
    again.close()
    assert time.monotonic() - began < 60
    with pytest.raises(ConnectionRefusedError):
        connected(again)


@pytest.mark.parametrize(
    ("request_line", "shown", "status"),
    [
        ("GET /metrics", "Bearer a-token-of-sixteen", 200),
        ("HEAD /metrics", "Bearer a-token-of-sixteen", 200),
        ("GET /metrics", "Bearer a-token-of-sixteeN", 401),
        ("GET /metrics", "Bearer ", 401),
        ("GET /metrics", "Basic YTphLXRva2VuLW9mLXNpeHRlZW4=", 401),
        ("GET /metrics", "Bearer \xff\xfe", 401),
        ("GET /nothing", "Bearer a-token-of-sixteeN", 401),
        ("GET /nothing", "Bearer a-token-of-sixteen", 404),
        ("POST /metrics", "Bearer a-token-of-sixteen", 405),
    ],
)
def test_a_prometheus_elsewhere_shows_a_token(request_line: str, shown: str, status: int) -> None:
    _, registry = farm_metrics(lambda: SNAPSHOT, release="0.1.0")
    request = f"{request_line} HTTP/1.1\r\nHost: coordinator:9808\r\nAuthorization: {shown}\r\n"
    with contextlib.closing(ScrapeServer(MetricsText(registry), "127.0.0.1", 0, token="a-token-of-sixteen")) as one:
        got = answer(one, f"{request}Content-Length: 0\r\nConnection: close\r\n\r\n".encode("latin-1"))
        assert answer(one, GET).split(b" ")[1] == b"401", "without a token"
    assert got.split(b" ")[1] == str(status).encode()
    assert (b"neonet_" in got) == (status == 200 and request_line.startswith("GET"))
