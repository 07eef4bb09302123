"""The client against a simulator with every fault of the wire: a typed error, and never later than the deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fleet.domain.answers import Registration, SessionStart, Totals
from fleet.domain.calls import Call, CallKind
from fleet.domain.proof import Exchange
from fleet.errors import CallError, Garbled, NoAnswer, OutcomeUnknown, RateLimited, ServerFault, Unreachable
from fleet.server.http.choice import EngineName
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.thread import RunningSimulator, running
from tests.support.waiting import DEADLINE_S, SPEC, START, Waiting, scripted, whole_request


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running(SimulatorOptions(dialect="b")) as simulator:
        yield simulator


@pytest.fixture
def client(engine: EngineName, simulator: RunningSimulator) -> Iterator[Waiting]:
    with Waiting(engine, simulator.url) as client:
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
        ("big_body", Garbled),
        ("deep_nesting", Garbled),
        ("bad_utf8", Garbled),
        ("gzip_bomb", Garbled),
    ],
)
def test_each_fault_of_the_wire_is_a_typed_error_within_the_deadline(
    simulator: RunningSimulator, client: Waiting, fault: str, error: type[CallError]
) -> None:
    simulator.set_faults(f"{fault},endpoints=start-session")
    started = time.monotonic()
    outcome, _ = client.perform(START)
    assert isinstance(outcome, error)
    assert time.monotonic() - started < DEADLINE_S + 4
    simulator.set_faults()
    outcome, _ = client.perform(START)
    assert isinstance(outcome, SessionStart), "the next call is not harmed by the last one"


@pytest.mark.parametrize("fault", ["nan", "infinity", "long_integer"])
def test_numbers_that_can_not_be_spoil_a_total_and_no_session_whose_first_job_holds_them(
    simulator: RunningSimulator, client: Waiting, fault: str
) -> None:
    simulator.set_faults(fault)
    outcome, _ = client.perform(Call(kind=CallKind.TOTALS, spec=SPEC))
    assert isinstance(outcome, Garbled)
    outcome, _ = client.perform(START)
    assert isinstance(outcome, SessionStart)
    assert outcome.initial_job is not None
    assert outcome.initial_job.oddity


def test_one_byte_a_second_in_the_headers_ends_at_the_deadline(engine: EngineName) -> None:
    def drip(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 600:
            if stop.wait(0.1):
                return
            connection.send(bytes([byte]))

    started = time.monotonic()
    with scripted(drip) as url, Waiting(engine, url) as client:
        outcome, exchange = client.perform(START)
        assert isinstance(outcome, NoAnswer)
        assert str(outcome) == "no whole answer within 1 s"
        assert exchange == Exchange(), "nothing is digested of an answer that was not read"
        assert time.monotonic() - started < DEADLINE_S + 4


def test_a_submission_that_dies_on_a_kept_connection_is_not_sent_again(engine: EngineName) -> None:
    """By itself libcurl sends again what dies on a connection that it has used before."""
    received: list[bytes] = []

    def hang_up_on_the_second(connection: socket.socket, _: threading.Event) -> None:
        received.append(whole_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        received.append(whole_request(connection))

    with scripted(hang_up_on_the_second) as url, Waiting(engine, url) as client:
        client.perform(START)
        outcome, _ = client.perform(replace(START, kind=CallKind.SUBMIT, job_id="job-1", result={"x": 1}))
        assert isinstance(outcome, NoAnswer)
    assert [request.split()[1] for request in received] == [b"/ai-energy/start-session", b"/ai-energy/submit-result"]


@pytest.mark.parametrize(
    ("header", "seconds"), [("5", 5.0), ("1000000", 300.0), ("-3", None), ("nan", None), ("", None)]
)
def test_the_wish_of_a_retry_after_header_is_read_in_seconds(
    engine: EngineName, header: str, seconds: float | None
) -> None:
    def refuse(connection: socket.socket, _: threading.Event) -> None:
        whole_request(connection)
        connection.sendall(f"HTTP/1.1 429 No\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode())

    with scripted(refuse) as url, Waiting(engine, url) as client:
        outcome, _ = client.perform(START)
        assert isinstance(outcome, RateLimited)
        assert outcome.retry_after_s == seconds


def test_proxies_of_the_environment_are_not_asked(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch, simulator: RunningSimulator
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Waiting(engine, simulator.url) as client:
        outcome, _ = client.perform(Call(kind=CallKind.REGISTER, spec=SPEC))
    assert isinstance(outcome, Registration)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid", "https://127.0.0.1:1", "htp://x"])
def test_a_server_that_is_not_there_is_unreachable(engine: EngineName, url: str) -> None:
    with Waiting(engine, url, deadline_s=5.0) as client:
        outcome, _ = client.perform(START)
        assert isinstance(outcome, Unreachable)
        assert str(outcome)


def test_a_server_without_a_certificate_is_unreachable_by_tls(engine: EngineName, simulator: RunningSimulator) -> None:
    with Waiting(engine, simulator.url.replace("http:", "https:")) as client:
        outcome, _ = client.perform(START)
        assert isinstance(outcome, Unreachable)


def test_totals_of_release_a_come_from_a_repeated_registration(engine: EngineName) -> None:
    with running(SimulatorOptions(dialect="a")) as simulator, Waiting(engine, simulator.url, deadline_s=15.0) as client:
        outcome, _ = client.perform(Call(kind=CallKind.REGISTER, spec=SPEC))
        assert isinstance(outcome, ServerFault)
        totals, exchange = client.perform(Call(kind=CallKind.TOTALS, spec=SPEC))
        assert isinstance(totals, Totals)
        assert totals.total_rewards == 0
        assert exchange.requests == 2


def test_calls_under_way_end_when_the_transport_is_closed(engine: EngineName) -> None:
    begun = threading.Event()

    def hang(connection: socket.socket, stop: threading.Event) -> None:
        whole_request(connection)
        begun.set()
        stop.wait(30)

    with scripted(hang) as url:
        waiting = Waiting(engine, url, deadline_s=60.0)

        async def heard_by_nobody() -> None:
            await waiting.client.perform(START)

        waiting.transport.submit(heard_by_nobody)
        assert begun.wait(10)
        started = time.monotonic()
        waiting.transport.close()
        assert time.monotonic() - started < 5
