"""The simulator hangs up after a 500, as the real server does: unsaid, and a moment later."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from fleet.simulator.options import SimulatorOptions
from fleet.simulator.thread import running

TRIALS = 20
BODY = b'{"contributor_id": "rig-%d", "cpu_cores": 1}'


def registration(number: int) -> bytes:
    body = BODY % number
    head = (
        b"POST /ai-energy/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return head % len(body) + body


def received(connection: socket.socket) -> bytes:
    """What comes next; nothing where the connection was ended, by a reset or without one."""
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def test_dialect_a_answers_500_on_a_connection_that_seems_kept_and_answers_nothing_more_on_it() -> None:
    with running(SimulatorOptions(port=0, dialect="a")) as simulator:
        address = urlsplit(simulator.url)
        for number in range(TRIALS):
            with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
                connection.sendall(registration(number))
                answer = received(connection)
                assert answer.startswith(b"HTTP/1.1 500 ")
                assert answer.endswith(b"Internal Server Error")
                assert b"connection: close" not in answer.lower()
                connection.sendall(registration(number))
                assert received(connection) == b""


@pytest.mark.parametrize("dialect", ["b", "c"])
def test_what_is_answered_well_keeps_its_connection(dialect: str) -> None:
    with running(SimulatorOptions(port=0, dialect=dialect)) as simulator:
        address = urlsplit(simulator.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
            for number in range(3):
                connection.sendall(registration(number))
                assert received(connection).startswith(b"HTTP/1.1 200 ")
