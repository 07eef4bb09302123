"""A client of the simulator that sees each byte of an answer, and what it may find wrong with one."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleet.simulator.thread import RunningSimulator
from tasks.jobtypes import JOB_TYPES


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, NaN and all."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Client:
    """A miner `m` with a session at a simulator."""

    simulator: RunningSimulator
    session_id: str

    def call(self, method: str, path: str, body: object = None, timeout_s: float = 20) -> Reply:
        """One request on a connection of its own."""
        return call(self.simulator.url, method, path, body, timeout_s)

    def fetch(self) -> Reply:
        """Fetch a job."""
        return self.call("GET", "/ai-energy/task/m")

    def submit(self, job: Any, timeout_s: float = 20) -> Reply:
        """Submit all that the job's type asks for."""
        result = dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
        body = {"contributor_id": "m", "session_id": self.session_id, "task_id": job["task_id"], "result": result}
        return self.call("POST", "/ai-energy/submit-result", body, timeout_s)


def call(url: str, method: str, path: str, body: object = None, timeout_s: float = 20) -> Reply:
    """One request on a connection of its own."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return Reply(status=answer.status, headers={k.lower(): v for k, v in answer.getheaders()}, body=answer.read())
    finally:
        connection.close()


def raw_answer(client: Client, for_s: float) -> bytes:
    """The bytes that a fetch gets in so many seconds."""
    address = urlsplit(client.simulator.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"GET /ai-energy/task/m HTTP/1.1\r\nHost: x\r\n\r\n")
        end, raw = time.monotonic() + for_s, b""
        while (left_s := end - time.monotonic()) > 0:
            connection.settimeout(left_s)
            try:
                raw += connection.recv(65_536)
            except TimeoutError:
                break
        return raw


def is_cut(reply: Reply) -> bool:
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)
    return True


def is_bad_utf8(reply: Reply) -> bool:
    with pytest.raises(UnicodeDecodeError):
        reply.body.decode()
    return True


def is_too_deep(reply: Reply) -> bool:
    return reply.body.count(b"[") == reply.body.count(b"]") == 100_000


def has_long_integer(reply: Reply) -> bool:
    return b'"reward":' + b"7" * 5000 + b"," in reply.body


def is_bomb(reply: Reply) -> bool:
    return (
        reply.headers["content-encoding"] == "gzip"
        and len(reply.body) < 2_000_000
        and len(gzip.decompress(reply.body[: len(reply.body) // 100])) == 10_000_000
    )


def biggest(value: object) -> Iterator[float]:
    """Every number in some data."""
    if isinstance(value, dict):
        for item in value.values():
            yield from biggest(item)
    elif isinstance(value, list):
        for item in value:
            yield from biggest(item)
    elif isinstance(value, int | float):
        yield value
