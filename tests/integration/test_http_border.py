"""What both engines guarantee of connections and answers, on real sockets."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from fleet.errors import Garbled, NoAnswer, Unreachable, Untrusted
from fleet.hosts.certificates import ensure_authority, ensure_server
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Request
from tests.integration.test_client_faults import whole_request
from tests.integration.test_spent_connections import asked, waited
from tests.support.engines import transport_by
from tests.support.wrong_servers import REDIRECT, Says, server_that

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Listener:
    """Plays each connection on a thread of its own, and counts them."""

    def __init__(self, play: Callable[[socket.socket, int], None], port: int = 0) -> None:
        self.socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = int(self.socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.connections = 0
        self._play = play
        threading.Thread(target=self._accept, daemon=True).start()

    def deaf(self) -> None:
        """Take no new connections; those that are there go on."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection:
            try:
                self._play(connection, number)
            except OSError:
                return


@contextmanager
def listening(play: Callable[[socket.socket, int], None]) -> Iterator[Listener]:
    listener = Listener(play)
    try:
        yield listener
    finally:
        listener.deaf()


def answering(answer: bytes) -> Callable[[socket.socket, int], None]:
    def play(connection: socket.socket, _: int) -> None:
        while True:
            whole_request(connection)
            connection.sendall(answer)

    return play


def counted(connection: socket.socket, number: int) -> None:
    """Say the number of the connection."""
    while True:
        whole_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)


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


def test_calls_beyond_the_number_of_connections_wait_for_their_turn() -> None:
    """libcurl's engine leaves the number to the farm, which never asks for more."""
    most, now, lock = [0], [0], threading.Lock()

    def slow(connection: socket.socket, _: int) -> None:
        while True:
            whole_request(connection)
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.05)
            with lock:
                now[0] -= 1
            connection.sendall(OK)

    done = threading.Semaphore(0)
    with listening(slow) as listener, transport_by("requests", connections=3) as transport:

        async def call() -> None:
            await transport.send(Request(url=listener.url))
            done.release()

        for _ in range(12):
            transport.submit(call)
        assert all(done.acquire(timeout=30) for _ in range(12))
    assert most == [3]
    assert listener.connections == 3


def test_what_nobody_waits_for_any_more_is_never_sent() -> None:
    """A call in the queue passes its deadline: it is Unreachable, and no thread sends it afterwards."""
    received: list[bytes] = []
    release = threading.Event()

    def hold(connection: socket.socket, _: int) -> None:
        while True:
            received.append(whole_request(connection))
            release.wait(30)
            connection.sendall(OK)

    with listening(hold) as listener, transport_by("requests", connections=1, connect_timeout_s=0.5) as transport:
        box: list[object] = []
        ended = threading.Semaphore(0)

        async def call(path: str) -> None:
            try:
                box.append((await transport.send(Request(url=listener.url + path, body=b"{}"))).status)
            except Unreachable as exc:
                box.append(exc)
            ended.release()

        transport.submit(call, "/first")
        transport.submit(call, "/second")
        assert ended.acquire(timeout=30)
        assert isinstance(box[0], Unreachable)
        release.set()
        assert ended.acquire(timeout=30)
        assert asked(transport, Request(url=f"{listener.url}/third")) == [200]
    assert [request.split()[1] for request in received] == [b"/first", b"/third"]
