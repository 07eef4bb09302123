"""A connection that answered a 5xx is not used again: the server soon closes it (protocol-notes.md, 14)."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from fleet.errors import CallError
from fleet.server.http.by_curl import CurlEngine
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Options, Request, Response
from fleet.server.http.transport import Transport
from tests.support.closing import closing_server
from tests.support.engines import transport_by
from tests.support.waiting import whole_request

T = TypeVar("T")

PAIRS = 20
AT_ONCE = 8


def waited(transport: Transport, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    box: queue.SimpleQueue[T | CallError] = queue.SimpleQueue()

    async def run() -> None:
        try:
            box.put(await function(*args))
        except CallError as exc:
            box.put(exc)

    transport.submit(run)
    came = box.get(timeout=60)
    if isinstance(came, CallError):
        raise came
    return came


def asked(transport: Transport, *requests: Request) -> list[int | CallError]:
    """Send requests one after the other, each at once after the last answer: the status of each, or its error."""

    async def one(request: Request) -> int | CallError:
        try:
            return (await transport.send(request)).status
        except CallError as exc:
            return exc

    async def all_of_them() -> list[int | CallError]:
        return [await one(request) for request in requests]

    return waited(transport, all_of_them)


@pytest.mark.parametrize("silent", [False, True])
def test_twenty_pairs_of_calls_are_answered_by_a_server_that_closes_after_each_500(
    engine: EngineName, silent: bool
) -> None:
    with closing_server(silent=silent) as server, transport_by(engine) as transport:
        post = Request(url=f"{server.url}/ai-energy/submit-result", body=b"{}")
        outcomes = asked(transport, *[post, post] * PAIRS)
        assert outcomes == [500] * 2 * PAIRS
    assert server.answered["POST"] == 2 * PAIRS
    assert server.trapped == 0, "something was sent on a connection that had answered a 500"


def test_calls_beside_each_other_share_no_spent_connection(engine: EngineName) -> None:
    with closing_server() as server, transport_by(engine) as transport:
        post = Request(url=f"{server.url}/ai-energy/submit-result", body=b"{}")
        get = Request(url=f"{server.url}/api/gas/info")

        async def one_miner() -> list[int]:
            return [(await transport.send(request)).status for request in (post, get, post, get, post)]

        async def all_at_once() -> list[list[int]]:
            return await asyncio.gather(*[one_miner() for _ in range(AT_ONCE)])

        assert waited(transport, all_at_once) == [[500, 200, 500, 200, 500]] * AT_ONCE
    assert server.trapped == 0


def test_a_connection_that_answered_well_is_kept(engine: EngineName) -> None:
    with closing_server() as server, transport_by(engine) as transport:
        get = Request(url=f"{server.url}/api/gas/info")
        assert asked(transport, *[get] * PAIRS) == [200] * PAIRS
        assert server.connections == 1


def test_a_new_connection_may_have_the_port_of_a_spent_one() -> None:
    """libcurl's engine knows connections by their ports."""
    curl = CurlEngine(Options())
    with socket.create_server(("127.0.0.1", 0)) as listener, Transport(curl) as transport:
        ports: list[int] = []

        def serve() -> None:
            for status in (b"500 No", b"200 OK"):
                connection, (_, port) = listener.accept()
                ports.append(port)
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
                # a reset leaves the port free at once
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        get = Request(url=f"http://127.0.0.1:{listener.getsockname()[1]}/")
        assert waited(transport, transport.send, get) == Response(status=500, body=b"")
        # whatever port the system gives next
        curl._spent.update(range(1, 65_536))
        assert waited(transport, transport.send, get) == Response(status=200, body=b"")
        thread.join(30)
        assert len(ports) == 2


def test_what_dies_on_a_kept_connection_is_said_in_plain_words(engine: EngineName) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, transport_by(engine) as transport:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                whole_request(connection)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                whole_request(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        post = Request(url=f"http://127.0.0.1:{listener.getsockname()[1]}/", body=b"{}")
        _, second = asked(transport, post, post)
        thread.join(30)
        assert str(second) == "the connection was closed before an answer came"
