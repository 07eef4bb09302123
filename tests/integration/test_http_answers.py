"""What both engines make of answers that are long, packed, late, misplaced or no HTTP."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from fleet.errors import Garbled, NoAnswer
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Request
from tests.integration.test_spent_connections import asked, waited
from tests.support.engines import transport_by
from tests.support.listener import listening
from tests.support.waiting import whole_request
from tests.support.wrong_servers import REDIRECT, Says, server_that


@pytest.mark.parametrize("framed", ["length", "chunks", "end"])
def test_an_answer_past_the_limit_is_garbled_while_it_is_read(engine: EngineName, framed: str) -> None:
    endless = threading.Event()
    heads = {
        "length": b"Content-Length: 100000000000",
        "chunks": b"Transfer-Encoding: chunked",
        "end": b"Connection: close",
    }

    def flood(connection: socket.socket, _: int) -> None:
        whole_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + heads[framed] + b"\r\n\r\n")
        block = b"x" * 65536
        try:
            while True:
                connection.sendall(b"10000\r\n" + block + b"\r\n" if framed == "chunks" else block)
        finally:
            endless.set()

    with listening(flood) as listener, transport_by(engine, max_body_bytes=100_000) as transport:
        with pytest.raises(Garbled, match="an answer of more than 100000 bytes"):
            waited(transport, transport.send, Request(url=listener.url))
        assert endless.wait(10), "the connection is closed"


@pytest.mark.parametrize("status", [200, 302])
def test_a_packed_answer_is_not_unpacked(engine: EngineName, status: int) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    says = Says(status=status, body=bomb, headers={"Content-Encoding": "gzip", "Location": "/elsewhere"})
    with server_that(says) as url, transport_by(engine) as transport:
        assert waited(transport, transport.send, Request(url=url)).body == bomb


def test_an_interim_answer_is_never_taken_for_the_answer_to_the_next_request(engine: EngineName) -> None:
    def hint(connection: socket.socket, number: int) -> None:
        for turn in range(9):
            whole_request(connection)
            body = b"%d-%d" % (number, turn)
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
            time.sleep(0.1)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with listening(hint) as listener, transport_by(engine) as transport:
        came = []
        for _ in range(4):
            try:
                came.append(waited(transport, transport.send, Request(url=listener.url)).body)
            except NoAnswer:
                came.append(b"none")
    assert came == ([b"none"] * 4 if engine == "requests" else [b"1-0", b"1-1", b"1-2", b"1-3"])


@pytest.mark.parametrize(
    "answer", [b"garbage\r\n\r\n", b"HTTP/1.1 9999 \xff\r\n\r\n", b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"]
)
def test_what_is_no_http_is_said_in_no_traceback(
    engine: EngineName, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    def talk(connection: socket.socket, _: int) -> None:
        whole_request(connection)
        connection.sendall(answer)

    with listening(talk) as listener, transport_by(engine, deadline_s=5.0) as transport:
        outcome = asked(transport, Request(url=listener.url))[0]
    assert isinstance(outcome, NoAnswer | int)
    assert str(outcome).isprintable()
    assert not caplog.records


def test_a_redirect_is_told_and_not_followed(engine: EngineName) -> None:
    with server_that(REDIRECT) as url, transport_by(engine) as transport:
        answer = waited(transport, transport.send, Request(url=f"{url}/ai-energy/register", body=b"{}"))
    assert (answer.status, answer.location) == (301, "https://new.example/ai-energy/register")


def test_the_target_of_a_redirect_is_a_whole_url(engine: EngineName) -> None:
    with (
        server_that(Says(status=307, body=b"", headers={"Location": "/new"})) as url,
        transport_by(engine) as transport,
    ):
        assert waited(transport, transport.send, Request(url=f"{url}/old")).location == f"{url}/new"


def test_retry_after_may_be_a_date(engine: EngineName) -> None:
    at = datetime.now(UTC) + timedelta(seconds=90)
    says = Says(status=429, body=b"", headers={"Retry-After": format_datetime(at, usegmt=True)})
    with server_that(says) as url, transport_by(engine) as transport:
        wish_s = waited(transport, transport.send, Request(url=url)).retry_after_s
    assert wish_s is not None
    assert 60 < wish_s <= 90
