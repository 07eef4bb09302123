"""A farm's site is served to this machine alone, read-only, to few clients with small requests."""

from __future__ import annotations

import base64
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from config.sections import WebSettings
from fleet.web.farm_metrics import MetricsText, farm_metrics
from fleet.web.listener import Listener
from fleet.web.scraping import ScrapeServer
from fleet.web.server import WebServer
from tests.support.sites import site
from tests.support.snapshots import SNAPSHOT

#: clients that never end their requests: many more than have a place
SLOW = 500
GET = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    with site(tmp_path) as made:
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


def test_the_snapshots_figures_are_served_as_text_of_prometheus(server: WebServer) -> None:
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
        ("GET /", "127.0.0.1", 200),
        ("HEAD /", "localhost", 200),
        ("GET /healthcheck", "page:8080", 200),
        ("GET /", "evil.example.com", 403),
        ("GET /static/page.css", "evil.example.com", 403),
        ("GET /static/page.css", "127.0.0.1", 200),
        ("GET /static/..", "127.0.0.1", 404),
        ("GET /static/../server.py", "127.0.0.1", 404),
        ("GET /metrics/../etc/passwd", "127.0.0.1", 404),
        ("GET /%00%ff%3Cb%3E", "127.0.0.1", 404),
        ("GET /miner?name=%ff%00", "127.0.0.1", 404),
        ("GET /miners?" + "&".join(f"a{number}=1" for number in range(9)), "127.0.0.1", 400),
        ("POST /metrics", "127.0.0.1", 405),
        ("POST /", "127.0.0.1", 405),
        ("DELETE /metrics", "127.0.0.1", 405),
    ],
)
def test_only_a_read_of_a_page_by_its_own_name_is_answered(
    server: WebServer, request_line: str, host: str, status: int
) -> None:
    got = answer(
        server, f"{request_line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    )
    assert got.split(b" ")[1] == str(status).encode()
    assert (b"neonet_" in got) == (status == 200 and request_line.startswith("GET /metrics"))
    assert not (request_line.startswith("HEAD") and got.partition(b"\r\n\r\n")[2])
    head = got.partition(b"\r\n\r\n")[0].decode()
    assert "Content-Security-Policy: default-src 'none'; script-src 'self';" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert "unsafe-inline" not in head
    assert "Tornado" not in head


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 100_000,
        b"\x00\xff\x16\x03\x01 rubbish\r\n\r\n",
    ],
    ids=["header", "body", "rubbish"],
)
def test_a_request_that_is_too_large_or_none_gets_no_metrics(server: WebServer, request_bytes: bytes) -> None:
    assert b"neonet_" not in answer(server, request_bytes)
    assert b" 200 OK" in answer(server, GET)


def test_500_slow_clients_keep_nobody_out(server: WebServer) -> None:
    """Each of them takes the place of the one that has been waited for longest."""
    with contextlib.ExitStack() as stack:
        slow = []
        for number in range(1, SLOW + 1):
            slow.append(stack.enter_context(connected(server)))
            with contextlib.suppress(ConnectionError):
                slow[-1].sendall(b"GET /metrics HTTP/1.1\r\n")
            if not number % 50:
                assert b" 200 OK" in answer(server, GET)
                assert b" 200 OK" in answer(server, GET.replace(b"/metrics", b"/"))
        first, last = slow[0], slow[-1]
        assert read(first) == b"", "the oldest one made room"
        last.sendall(b"Host: 127.0.0.1\r\n\r\n")
        assert read(last).startswith(b"HTTP/1.1 200 OK"), "the newest one may still end its request"
        assert [read(one) for one in slow[:-1]] == [b""] * (SLOW - 1), "each slow one is closed, unanswered"
    assert b" 200 OK" in answer(server, GET)


@pytest.mark.parametrize("path", ["/", "/metrics", "/static/page.css", "/job?id=a"])
def test_where_a_password_is_set_nothing_is_shown_without_it(tmp_path: Path, path: str) -> None:
    right = base64.b64encode(b"farmer:a-long-password").decode()
    with site(tmp_path, WebSettings(port=0, basic_auth=SecretStr("farmer:a-long-password"))) as server:

        def status(header: str) -> str:
            lines = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}Connection: close\r\n\r\n"
            return answer(server, lines.encode()).split(b" ")[1].decode()

        assert status("") == "401"
        assert status(f"Authorization: Basic {right}\r\n") in {"200", "404"}
        assert answer(server, b"GET /healthcheck HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nOK"), "a container asks this"
        wrong = [status(f"Authorization: Basic {right[:-4]}\r\n") for _ in range(20)]
        assert wrong == ["401"] * 10 + ["429"] * 10, "guesses are slowed down"


def test_an_address_that_others_reach_needs_a_password() -> None:
    with pytest.raises(ValidationError, match="set basic_auth"):
        WebSettings(address="0.0.0.0")  # noqa: S104 - it is refused
    assert WebSettings(address="0.0.0.0", basic_auth=SecretStr("a:b")).address == "0.0.0.0"  # noqa: S104
    assert WebSettings(address="::1").address == "::1"


def test_a_port_in_use_raises_and_closing_frees_it(server: WebServer, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"), site(tmp_path, WebSettings(port=server.port)):
        pass
    began = time.monotonic()
    with site(tmp_path) as again:
        pass
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
