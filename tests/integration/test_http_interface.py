"""`http.interface`: connections leave by the address or the interface that the settings name."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fleet.errors import Unreachable
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Request
from tests.integration.test_spent_connections import waited
from tests.support.engines import transport_by

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on 127.0.0.1, and the addresses that called it."""
    callers: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    caller, (address, _) = listener.accept()
                except OSError:
                    return
                callers.append(address)
                with caller:
                    caller.recv(65536)
                    caller.sendall(ANSWER)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x", callers
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 on its loopback")
def test_calls_leave_by_the_address_that_is_named(engine: EngineName) -> None:
    with listening() as (url, callers), transport_by(engine, interface="127.0.0.2") as transport:
        assert waited(transport, transport.send, Request(url=url)).status == 200
    assert callers == ["127.0.0.2"]


@pytest.mark.skipif(sys.platform != "linux", reason="the interface is called lo on Linux")
def test_calls_leave_by_the_interface_that_is_named(engine: EngineName) -> None:
    with listening() as (url, callers), transport_by(engine, interface="lo") as transport:
        assert waited(transport, transport.send, Request(url=url)).status == 200
    assert callers == ["127.0.0.1"]


def test_an_address_that_this_machine_does_not_have_leaves_the_server_unreachable(engine: EngineName) -> None:
    with (
        listening() as (url, callers),
        transport_by(engine, interface="192.0.2.7") as transport,
        pytest.raises(Unreachable),
    ):
        waited(transport, transport.send, Request(url=url))
    assert callers == []
