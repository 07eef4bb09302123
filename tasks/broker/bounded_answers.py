"""Connections to Redis that read no answer past a bound, so that a huge answer can't fill this process's memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis


class AnswerTooLargeError(redis.RedisError):
    """Redis's answer exceeds the bound. The command was carried out, and the connection is closed."""


class _Counting:
    """A connected socket that counts what it receives after each request, and stops at `most_bytes`.

    It counts below the parser, which would otherwise hold an answer of any size before anyone could look at it.
    """

    def __init__(self, connected: Any, most_bytes: int) -> None:
        self._connected = connected
        self._most_bytes = most_bytes
        self._left = most_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connected, name)

    def sendall(self, data: Any) -> None:
        """Send a request, whose answer may have the whole bound."""
        self._left = self._most_bytes
        self._connected.sendall(data)

    def recv(self, size: int, *flags: int) -> bytes:
        """Receive a part of an answer. Raises AnswerTooLargeError past the bound."""
        data: bytes = self._connected.recv(size, *flags)
        self._count(len(data))
        return data

    def recv_into(self, buffer: Any, *more: int) -> int:
        """Receive a part of an answer, as hiredis does. Raises AnswerTooLargeError past the bound."""
        size: int = self._connected.recv_into(buffer, *more)
        self._count(size)
        return size

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise AnswerTooLargeError(f"an answer of Redis over {self._most_bytes} bytes, which was not read")


def bounded(kind: type[redis.Connection], most_bytes: int) -> Callable[..., redis.Connection]:
    """The kind of connection, with answers of at most `most_bytes`."""

    class Bounded(kind):  # type: ignore[misc, valid-type]  # a base that is only known when it runs
        def _connect(self) -> Any:
            return _Counting(super()._connect(), most_bytes)

    return Bounded
