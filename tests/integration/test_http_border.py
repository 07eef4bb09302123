"""What both engines guarantee of connections and of what is sent, on real sockets."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from fleet.errors import NoAnswer, Unreachable, Untrusted
from fleet.hosts.certificates import ensure_authority, ensure_server
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Request
from tests.integration.test_spent_connections import asked, waited
from tests.support.engines import transport_by
from tests.support.listener import OK, Listener, answering, counted, listening
from tests.support.waiting import whole_request
from tests.support.wrong_servers import Says, server_that


def test_a_connection_is_used_no_longer_than_its_life(engine: EngineName) -> None:
    with listening(counted) as listener, transport_by(engine, connection_life_s=1) as transport:
        get = Request(url=listener.url)
        young = [waited(transport, transport.send, get).body for _ in range(3)]
        time.sleep(2.2)
        assert waited(transport, transport.send, get).body == b"2"
    assert young == [b"1"] * 3


def test_a_server_that_moved_is_found_while_the_old_one_still_answers(engine: EngineName) -> None:
    old = Listener(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold"))
    with transport_by(engine, connection_life_s=1) as transport:
        get = Request(url=old.url)
        assert waited(transport, transport.send, get).body == b"old"
        old.deaf()
        new = Listener(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"), old.port)
        time.sleep(2.2)
        assert waited(transport, transport.send, get).body == b"new"
        new.deaf()


def test_a_connection_that_the_server_closed_while_idle_costs_no_call(engine: EngineName) -> None:
    def once(connection: socket.socket, _: int) -> None:
        whole_request(connection)
        connection.sendall(OK)

    with listening(once) as listener, transport_by(engine) as transport:
        post = Request(url=listener.url, body=b"{}")
        for _ in range(3):
            assert asked(transport, post) == [200]
            # libcurl does not look at a connection that was used within the last second
            time.sleep(1.5)
    assert listener.connections == 3


def test_a_server_that_takes_no_connection_is_unreachable_at_the_connect_timeout(engine: EngineName) -> None:
    """A full backlog: the handshake of TCP is never answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        time.sleep(0.2)
        with transport_by(engine, connect_timeout_s=0.5, deadline_s=30.0) as transport:
            started = time.monotonic()
            with pytest.raises(Unreachable):
                waited(transport, transport.send, Request(url=f"http://127.0.0.1:{port}", body=b"{}"))
            assert time.monotonic() - started < 10
        for one in crowd:
            one.close()


def test_a_tls_handshake_that_never_ends_is_unreachable_at_the_connect_timeout(engine: EngineName) -> None:
    received: list[bytes] = []

    def silent(connection: socket.socket, _: int) -> None:
        while came := connection.recv(65536):
            received.append(came)

    with listening(silent) as listener, transport_by(engine, connect_timeout_s=0.5, deadline_s=30.0) as transport:
        started = time.monotonic()
        with pytest.raises(Unreachable):
            waited(transport, transport.send, Request(url=f"https://127.0.0.1:{listener.port}", body=b"{}"))
        assert time.monotonic() - started < 10
    assert b"POST" not in b"".join(received)


@pytest.mark.parametrize("part", ["head", "body"])
def test_one_byte_at_a_time_ends_at_the_deadline_of_the_whole_call(engine: EngineName, part: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n"

    def drip(connection: socket.socket, _: int) -> None:
        whole_request(connection)
        if part == "body":
            connection.sendall(head)
        for byte in b"x" * 600 if part == "body" else b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 600:
            connection.send(bytes([byte]))
            time.sleep(0.1)

    with listening(drip) as listener, transport_by(engine, deadline_s=1.0) as transport:
        started = time.monotonic()
        with pytest.raises(NoAnswer, match="no whole answer within 1 s"):
            waited(transport, transport.send, Request(url=listener.url, body=b"{}"))
        assert time.monotonic() - started < 8
        assert asked(transport, Request(url=listener.url)) != [200]


def test_a_post_is_sent_once_though_its_connection_dies_after_it(engine: EngineName) -> None:
    received: list[bytes] = []

    def hang_up(connection: socket.socket, _: int) -> None:
        received.append(whole_request(connection))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with listening(hang_up) as listener, transport_by(engine) as transport:
        with pytest.raises(NoAnswer):
            waited(transport, transport.send, Request(url=listener.url, body=b'{"a": 1}'))
        time.sleep(0.3)
    assert len(received) == 1
    assert received[0].startswith(b"POST / HTTP/1.1\r\n")
    assert received[0].endswith(b'\r\n\r\n{"a": 1}')


def test_what_is_sent_names_the_fleet_and_asks_for_json_unpacked(engine: EngineName) -> None:
    received: list[bytes] = []

    def hear(connection: socket.socket, _: int) -> None:
        received.append(whole_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
        received.append(whole_request(connection))
        connection.sendall(OK)

    with listening(hear) as listener, transport_by(engine) as transport:
        post = Request(url=listener.url, body=b"{}")
        assert asked(transport, post, post) == [200, 200]
    for request in received:
        headers = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in request.split(b"\r\n")}
        assert headers[b"user-agent"] == b"neonet-fleet"
        assert headers[b"accept"] == headers[b"content-type"] == b"application/json"
        assert headers.get(b"accept-encoding", b"identity") == b"identity"
        assert b"cookie" not in headers
        assert b"expect" not in headers


def test_an_authority_of_ones_own_is_the_only_one(engine: EngineName, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    ensure_authority(ours)
    with (
        server_that(Says(status=200, body=b"{}"), certified_in=theirs) as url,
        transport_by(engine, ca_file=ours / "ca.crt") as transport,
        pytest.raises(Untrusted),
    ):
        waited(transport, transport.send, Request(url=url, body=b"{}"))


def test_a_certificate_for_another_name_is_untrusted(engine: EngineName, tmp_path: Path) -> None:
    ensure_authority(tmp_path)
    ensure_server(tmp_path, tmp_path, ["neonet.example"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")

    def greet(connection: socket.socket, _: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secret:
            answering(OK)(secret, 1)

    with (
        listening(greet) as listener,
        transport_by(engine, ca_file=tmp_path / "ca.crt") as transport,
        pytest.raises(Untrusted),
    ):
        waited(transport, transport.send, Request(url=f"https://127.0.0.1:{listener.port}", body=b"{}"))
