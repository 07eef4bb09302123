"""Calls that wait for a connection: they take turns, and one that nobody waits for is never sent."""

from __future__ import annotations

import socket
import threading
import time

from fleet.errors import Unreachable
from fleet.server.http.interface import Request
from tests.integration.test_spent_connections import asked
from tests.support.engines import transport_by
from tests.support.listener import OK, listening
from tests.support.waiting import whole_request


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
