"""Every exception of the HTTP libraries has its meaning: none reaches a miner as it is."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator

import pytest
import requests
import urllib3

from fleet.client import _translated
from fleet.deadline import Watch
from fleet.errors import CallError, Garbled, NoAnswer, Unreachable


def family(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def made(kind: type[BaseException]) -> Exception:
    """An exception of this class without its constructor's demands."""
    exc = kind.__new__(kind)
    exc.args = ("made up",)
    # what two classes of urllib3 print of themselves
    vars(exc).update(partial=1, expected=2, length=b"1", response=None)
    assert isinstance(exc, Exception)
    return exc


def meaning(exc: Exception, *, expired: bool = False) -> CallError:
    watch = Watch(time.monotonic() + 60)
    watch.expired = expired
    return _translated(exc, watch, 15.0)


@pytest.mark.parametrize(
    "kind",
    sorted({*family(requests.RequestException), *family(urllib3.exceptions.HTTPError)}, key=str),
)
def test_each_exception_of_requests_and_urllib3_is_either_unreachable_or_without_answer(
    kind: type[BaseException],
) -> None:
    assert isinstance(meaning(made(kind)), Unreachable | NoAnswer)


@pytest.mark.parametrize("exc", [OSError("gone"), TimeoutError(), ConnectionResetError(), ssl.SSLError("bad")])
def test_each_error_of_the_socket_has_a_meaning(exc: Exception) -> None:
    assert isinstance(meaning(exc), Unreachable | NoAnswer)


def test_a_request_that_never_left_is_told_apart_from_one_without_an_answer() -> None:
    never = requests.ConnectionError(
        urllib3.exceptions.MaxRetryError(
            urllib3.HTTPConnectionPool("h"),
            "/",
            urllib3.exceptions.NewConnectionError(urllib3.connection.HTTPConnection("h"), "Connection refused"),
        )
    )
    assert isinstance(meaning(never), Unreachable)
    cut = requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionResetError(104, "reset")))
    assert isinstance(meaning(cut), NoAnswer)


def test_an_expired_deadline_says_how_long_was_waited() -> None:
    with pytest.raises(NoAnswer, match="15 s"):
        raise meaning(requests.ConnectionError("aborted"), expired=True)


def test_an_error_of_our_own_stays_what_it_is() -> None:
    garbled = Garbled("html")
    assert meaning(garbled) is garbled


def test_the_words_are_the_innermost_ones() -> None:
    refused = requests.ConnectionError(ConnectionRefusedError(111, "Connection refused"))
    assert str(meaning(refused)) == "Connection refused"
    assert isinstance(meaning(socket.gaierror(-2, "Name or service not known")), CallError)
