"""HTTP to one server, by libcurl, on a thread of its own: many requests at once, each with a deadline. Never retries.

A thread a call would cost ten times the CPU: each of its reads and locks fights for the interpreter with all others.
"""

from __future__ import annotations

import asyncio
import io
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import certifi
import pycurl

from fleet.crew import Motion, Vital
from fleet.errors import CallError, Garbled, NoAnswer, Unreachable
from tasks.text import plain

#: "Expect:" takes away what libcurl adds to large bodies and would wait a second for
_HEADERS = ["Accept: application/json", "Expect:"]
_JSON_HEADERS = [*_HEADERS, "Content-Type: application/json"]
_CLOSE_S = 5.0
_BEAT_S = 1.0
_PATIENCE_S = 60.0

#: what runs on the transport's thread
Talk = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is sent: a POST where there is a body, which is JSON, otherwise a GET."""

    url: str
    body: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What was answered, whole."""

    status: int
    body: bytes
    #: seconds that a Retry-After header states, None without one
    retry_after_s: float | None = None


class Transport:
    """Sends requests over connections that are kept; close it to end those that are under way.

    `deadline_s` bounds a whole request, from the first byte sent to the last byte read. An answer over
    `max_body_bytes` is Garbled. `ca_file` holds the authorities that may vouch for a server, None for certifi's.
    """

    def __init__(
        self,
        *,
        deadline_s: float = 15.0,
        connect_timeout_s: float = 5.0,
        max_body_bytes: int = 1_048_576,
        ca_file: Path | None = None,
    ) -> None:
        self._deadline_s = deadline_s
        self._options = {
            pycurl.TIMEOUT_MS: round(deadline_s * 1000),
            pycurl.CONNECTTIMEOUT_MS: round(min(connect_timeout_s, deadline_s) * 1000),
            pycurl.MAXFILESIZE: max_body_bytes,
            pycurl.CAINFO: str(ca_file or certifi.where()),
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            # settings alone decide where a call goes, not the environment
            pycurl.PROXY: "",
            pycurl.USERAGENT: "neonet-fleet",
            pycurl.TCP_KEEPALIVE: 1,
            pycurl.NOSIGNAL: 1,
        }
        self._orders: deque[tuple[Talk, tuple[Any, ...]]] = deque()
        self._woken = False
        self._idle: list[pycurl.Curl] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._multi = pycurl.AsyncCurlMulti()
        self._loop = asyncio.new_event_loop()
        self.thread = Vital("transport", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, function: Talk, *args: Any) -> None:
        """Run `function` on the transport's thread, where it may `send`; any thread may ask for it."""
        self._orders.append((function, args))
        if not self._woken:
            # a wake-up costs more than what it is for
            self._woken = True
            self._loop.call_soon_threadsafe(self._begin)

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer, whatever its status.

        Raises Unreachable where nothing was sent, NoAnswer where the answer did not come whole or in time, and Garbled
        for one that is too long.
        """
        handle = self._idle.pop() if self._idle else self._new_handle()
        content = io.BytesIO()
        handle.setopt(pycurl.URL, request.url)
        handle.setopt(pycurl.WRITEDATA, content)
        if request.body is None:
            handle.setopt(pycurl.HTTPGET, 1)
            handle.setopt(pycurl.HTTPHEADER, _HEADERS)
        else:
            handle.setopt(pycurl.POST, 1)
            handle.setopt(pycurl.HTTPHEADER, _JSON_HEADERS)
            handle.setopt(pycurl.POSTFIELDSIZE, len(request.body))
            # libcurl sends again what died on a kept connection, unless it can't rewind what it has sent
            handle.setopt(pycurl.READFUNCTION, io.BytesIO(request.body).read)
        try:
            await self._multi.perform(handle)
        except pycurl.error as exc:
            raise self._meaning(handle, exc, content) from None
        else:
            return Response(
                status=handle.getinfo(pycurl.RESPONSE_CODE),
                body=content.getvalue(),
                retry_after_s=handle.getinfo(pycurl.RETRY_AFTER) or None,
            )
        finally:
            self._idle.append(handle)

    def close(self) -> None:
        """End what is under way, unheard, and close every connection."""
        if self.thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self.thread.join(_CLOSE_S)

    def _meaning(self, handle: pycurl.Curl, exc: pycurl.error, content: io.BytesIO) -> CallError:
        """By what the caller can do about it; libcurl's many codes matter less than whether the request was sent."""
        code, words = exc.args[0], plain(exc.args[1])
        if code == pycurl.E_FILESIZE_EXCEEDED:
            return Garbled(f"an answer of more than {self._options[pycurl.MAXFILESIZE]} bytes")
        if not handle.getinfo(pycurl.REQUEST_SIZE):
            return Unreachable(words)
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return NoAnswer(f"no whole answer within {self._deadline_s:g} s")
        if code == pycurl.E_PARTIAL_FILE:
            return NoAnswer(f"the answer ended after {content.tell()} bytes")
        return NoAnswer(words)

    def _new_handle(self) -> pycurl.Curl:
        handle = pycurl.Curl()
        for option, value in self._options.items():
            handle.setopt(option, value)
        return handle

    def _begin(self) -> None:
        self._woken = False
        while self._orders:
            function, args = self._orders.popleft()
            task = self._loop.create_task(function(*args))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _run(self, motion: Motion) -> None:
        asyncio.set_event_loop(self._loop)
        self._beat(motion)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    def _beat(self, motion: Motion) -> None:
        motion.beat()
        self._loop.call_later(_BEAT_S, self._beat, motion)

    async def _end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._multi.aclose()
        for handle in self._idle:
            handle.close()
