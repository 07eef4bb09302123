"""The heads' own server: whatever it answers, and however slowly, the run ends with a printable line."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from fleet.ledger.proof.head_post import post_heads
from fleet.ledger.proof.heads import Head

_HEAD = Head(server="simulator", entries=1, hash="00", at="2026-01-01T00:00:00Z")


class Answering:
    """A server that takes one request and answers each with the same bytes."""

    def __init__(self, answer: bytes, *, drips: bool = False) -> None:
        self.answer = answer
        self.drips = drips
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/heads"
        self.received = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        taken, _ = self._listener.accept()
        with taken:
            while b'"heads"' not in self.received:
                self.received += taken.recv(65_536)
            taken.sendall(self.answer)
            while self.drips and not self.over.wait(0.05):
                taken.sendall(b"x")

    def close(self) -> None:
        self.over.set()
        self._thread.join()
        self._listener.close()


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[Answering]:
    server = Answering(**request.param)
    yield server
    server.close()


@pytest.mark.parametrize("answering", [{"answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}], indirect=True)
def test_heads_that_are_taken_are_no_problem(answering: Answering) -> None:
    assert post_heads(answering.url, [_HEAD]) is None
    assert b'"server": "simulator"' in answering.received


@pytest.mark.parametrize(
    "answering",
    [
        {"answer": b"HTTP/1.1 500 \x1b[31mred\x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n"},
        {"answer": b"\x1b[31mHTTP/9 \x07\r\n\r\n"},
        {"answer": b"HTTP/1.1 500 " + b"x" * 5_000 + b"\r\nContent-Length: 0\r\n\r\n"},
    ],
    indirect=True,
)
def test_what_the_server_says_is_short_and_printable(answering: Answering) -> None:
    problem = post_heads(answering.url, [_HEAD])
    assert problem is not None
    assert problem.isprintable()
    assert len(problem) < 400


@pytest.mark.parametrize("answering", [{"answer": b"HTTP/1.1 200 OK\r\n", "drips": True}], indirect=True)
def test_an_answer_that_never_ends_is_given_up(answering: Answering) -> None:
    problem = post_heads(answering.url, [_HEAD], patience_s=0.5)
    assert problem is not None
    assert problem.endswith("no whole answer in 0.5 s")
