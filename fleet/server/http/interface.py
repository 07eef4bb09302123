"""The interface of every HTTP engine: what a further transport implements, beside `by_curl.py` and `by_requests.py`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

USER_AGENT = "neonet-fleet"
ACCEPT = "application/json"
CONTENT_TYPE = "application/json"

#: a function that runs on the transport's thread
AsyncFunction = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request: a POST if it has a body, which is JSON, otherwise a GET."""

    url: str
    body: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """A complete answer."""

    status: int
    #: as received: nothing is decompressed
    body: bytes
    #: seconds that a Retry-After header states, None without one
    retry_after_s: float | None = None
    #: the URL that a redirect names, empty without one
    location: str = ""
    #: the Date header as it came; empty without one, and always by libcurl, since no miner's call needs it
    date: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options of an engine."""

    #: seconds that a whole request may take, from its first byte sent to the last byte read
    deadline_s: float = 15.0
    #: seconds to connect, including name resolution and TLS
    connect_timeout_s: float = 5.0
    #: a longer answer is Garbled
    max_body_bytes: int = 1_048_576
    #: most requests under way at once
    connections: int = 64
    #: longest use of a connection in seconds, since the server's name may point to another machine by then
    connection_life_s: int = 600
    #: file of authorities that may sign the server's certificate, None for certifi's
    ca_file: Path | None = None
    #: an http:// URL, which may hold user and password; empty for none
    proxy: str = ""
    #: interface or address of this machine that connections leave by; empty for the system's choice
    interface: str = ""

    @property
    def connect_s(self) -> float:
        """Seconds to connect, within the deadline."""
        return min(self.connect_timeout_s, self.deadline_s)


class Sender(Protocol):
    """Sends requests and reads their answers."""

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer, whatever its status. Never sends it a second time.

        Raises Unreachable if nothing was sent, NoAnswer if the answer was incomplete or late, and Garbled if it was too
        long.
        """


class Engine(Sender, Protocol):
    """Sends requests by one HTTP library over reused connections, from one thread's event loop."""

    async def close(self) -> None:
        """Abort the requests under way and close every connection."""
