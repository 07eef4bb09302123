"""The client against a simulator with every fault of the wire: a typed error, and never later than the deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from fleet.calls import Call, CallKind
from fleet.client import Client
from fleet.errors import CallError, Garbled, NoAnswer, OutcomeUnknown, RateLimited, ServerFault, Unreachable
from fleet.models import MinerSpec, SessionStart
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.thread import RunningSimulator, running

SPEC = MinerSpec(miner_id="rig-1")
DEADLINE_S = 1.0
START = Call(kind=CallKind.START_SESSION, spec=SPEC)


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running(SimulatorOptions(dialect="b")) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Client]:
    with Client(simulator.url, deadline_s=DEADLINE_S) as client:
        client.perform(Call(kind=CallKind.REGISTER, spec=SPEC))
        yield client


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("error_before", ServerFault),
        ("error_after", ServerFault),
        ("bad_gateway", ServerFault),
        ("unavailable", ServerFault),
        ("refused", RateLimited),
        ("drop_before", NoAnswer),
        ("drop_after", NoAnswer),
        ("hang_before", NoAnswer),
        ("hang_after", NoAnswer),
        ("hang_body", NoAnswer),
        ("trickle", NoAnswer),
        ("html", Garbled),
        ("cut_json", OutcomeUnknown),
        ("wrong_types", Garbled),
        ("missing_fields", Garbled),
        ("nan", Garbled),
        ("infinity", Garbled),
        ("big_body", Garbled),
        ("deep_nesting", Garbled),
        ("long_integer", Garbled),
        ("bad_utf8", Garbled),
        ("gzip_bomb", Garbled),
    ],
)
def test_each_fault_of_the_wire_is_a_typed_error_within_the_deadline(
    simulator: RunningSimulator, client: Client, fault: str, error: type[CallError]
) -> None:
    simulator.set_faults(f"{fault},roads=start-session")
    started = time.monotonic()
    with pytest.raises(error):
        client.perform(START)
    assert time.monotonic() - started < DEADLINE_S + 4
    simulator.set_faults()
    assert isinstance(client.perform(START), SessionStart), "the next call is not harmed by the last one"


def test_one_byte_a_second_in_the_headers_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 600:
                    if stop.wait(0.1):
                        return
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        started = time.monotonic()
        try:
            with (
                Client(f"http://127.0.0.1:{listener.getsockname()[1]}", deadline_s=DEADLINE_S) as client,
                pytest.raises(NoAnswer),
            ):
                client.perform(START)
            assert time.monotonic() - started < DEADLINE_S + 4
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_a_server_that_is_not_there_is_unreachable(url: str) -> None:
    with Client(url, deadline_s=5.0) as client, pytest.raises(Unreachable):
        client.gas()


def test_totals_of_release_a_come_from_a_repeated_registration() -> None:
    with running(SimulatorOptions(dialect="a")) as simulator, Client(simulator.url) as client:
        with pytest.raises(ServerFault):
            client.perform(Call(kind=CallKind.REGISTER, spec=SPEC))
        totals = client.perform(Call(kind=CallKind.TOTALS, spec=SPEC))
        assert totals.total_rewards == 0  # type: ignore[union-attr]
        assert client.exchange.requests == 2
