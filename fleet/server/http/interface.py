"""What an engine is asked for and what it answers, whichever library carries it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

USER_AGENT = "neonet-fleet"
ACCEPT = "application/json"
CONTENT_TYPE = "application/json"

#: what runs on the transport's thread
AsyncFunction = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is sent: a POST where there is a body, which is JSON, otherwise a GET."""

    url: str
    body: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What was answered, whole."""

    status: int
    #: as it came: nothing is unpacked
    body: bytes
    #: seconds that a Retry-After header states, None without one
    retry_after_s: float | None = None
    #: the URL that a redirect names, empty without one
    location: str = ""
    #: the Date header as it came; empty without one, and always by libcurl, since no miner's call needs it
    date: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How requests are made."""

    #: seconds that a whole request may take, from its first byte sent to the last byte read
    deadline_s: float = 15.0
    #: seconds until a connection is there, name and TLS included
    connect_timeout_s: float = 5.0
    #: a longer answer is Garbled
    max_body_bytes: int = 1_048_576
    #: requests that may be on their way at once
    connections: int = 64
    #: seconds for which a connection is used at most: an address may lead to another machine by then
    connection_life_s: int = 600
    #: file of authorities that may sign the server's certificate, None for certifi's
    ca_file: Path | None = None
    #: an http:// URL, which may hold user and password; empty for none
    proxy: str = ""

    @property
    def connect_s(self) -> float:
        """Seconds until a connection is there, within the deadline."""
        return min(self.connect_timeout_s, self.deadline_s)


class Sender(Protocol):
    """Whoever sends a request and reads its answer."""

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer, whatever its status. Never sends it a second time.

        Raises Unreachable where nothing was sent, NoAnswer where the answer did not come whole or in time, and Garbled
        for one that is too long.
        """


class Engine(Sender, Protocol):
    """A library's way to send requests over kept connections, used from one thread's event loop."""

    async def close(self) -> None:
        """Abort the requests under way and close every connection."""
