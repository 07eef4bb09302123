"""HTTP to one server, by libcurl, on a thread of its own: many requests at once, each with a deadline. Never retries.

A thread a call would cost ten times the CPU: each of its reads and locks fights for the interpreter with all others.
"""

from __future__ import annotations

import asyncio
import io
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import certifi
import pycurl

from fleet.crew import Motion, Vital
from fleet.errors import CallError, Garbled, NoAnswer, UnknownHost, Unreachable, Untrusted
from tasks.text import plain

#: "Expect:" takes away what libcurl adds to large bodies and would wait a second for
_HEADERS = ["Accept: application/json", "Expect:"]
_JSON_HEADERS = [*_HEADERS, "Content-Type: application/json"]
_CLOSE_S = 5.0
_BEAT_S = 1.0
_PATIENCE_S = 60.0
#: an address may lead to another machine by then
_CONNECTION_LIFE_S = 600

#: why a request was not sent, where more can be done about it than to try again
_NOT_SENT: dict[int, type[Unreachable]] = {
    pycurl.E_COULDNT_RESOLVE_HOST: UnknownHost,
    pycurl.E_PEER_FAILED_VERIFICATION: Untrusted,
    pycurl.E_SSL_CACERT_BADFILE: Untrusted,
    pycurl.E_SSL_ISSUER_ERROR: Untrusted,
}

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
    #: the URL that a redirect names, empty without one
    location: str = ""


class Handle:
    """A libcurl handle that sends nothing on a connection that answered a 5xx: the server is about to close it.

    libcurl has to be stopped on its way: it takes no word about a connection while a request travels on it, and the
    next request may take the connection as soon as the answer ends. `spent` holds the local ports of such connections,
    for all handles; a new connection may get such a port again.
    """

    def __init__(self, options: Mapping[int, object], spent: set[int]) -> None:
        self.curl = pycurl.Curl()
        for option, value in options.items():
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.SOCKOPTFUNCTION, self._on_socket)
        self.curl.setopt(pycurl.PREREQFUNCTION, self._on_connection)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._on_header)
        self._spent = spent
        self._port = 0
        self._new = False
        #: whether its last request was held back from a spent connection, which is closed then
        self.stopped = False

    def prepare(self, request: Request, content: io.BytesIO, *, fresh: bool) -> None:
        """Take a request, whose answer goes to `content`; `fresh` asks for a connection of its own."""
        self._new = self.stopped = False
        curl = self.curl
        curl.setopt(pycurl.FRESH_CONNECT, fresh)
        curl.setopt(pycurl.URL, request.url)
        curl.setopt(pycurl.WRITEDATA, content)
        if request.body is None:
            curl.setopt(pycurl.HTTPGET, 1)
            curl.setopt(pycurl.HTTPHEADER, _HEADERS)
        else:
            curl.setopt(pycurl.POST, 1)
            curl.setopt(pycurl.HTTPHEADER, _JSON_HEADERS)
            curl.setopt(pycurl.POSTFIELDSIZE, len(request.body))
            # libcurl sends again what died on a kept connection, unless it can't rewind what it has sent
            curl.setopt(pycurl.READFUNCTION, io.BytesIO(request.body).read)

    def _on_socket(self, _descriptor: int, _purpose: int) -> int:
        self._new = True
        return int(pycurl.SOCKOPT_OK)

    def _on_connection(self, _remote_ip: str, _local_ip: str, _remote_port: int, local_port: int) -> int:
        """A connection was found or made; nothing is sent yet."""
        self._port = local_port
        if local_port in self._spent:
            self._spent.discard(local_port)
            self.stopped = not self._new
        return int(pycurl.PREREQFUNC_ABORT if self.stopped else pycurl.PREREQFUNC_OK)

    def _on_header(self, line: bytes) -> None:
        if line.startswith(b"HTTP/") and line.partition(b" ")[2].startswith(b"5"):
            self._spent.add(self._port)


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
            pycurl.MAXLIFETIME_CONN: _CONNECTION_LIFE_S,
            pycurl.NOSIGNAL: 1,
        }
        self._orders: deque[tuple[Talk, tuple[Any, ...]]] = deque()
        self._woken = False
        self._idle: list[Handle] = []
        self._spent: set[int] = set()
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
        handle = self._idle.pop() if self._idle else Handle(self._options, self._spent)
        content = io.BytesIO()
        try:
            await self._perform(handle, request, content)
        except pycurl.error as exc:
            raise self._meaning(handle.curl, exc, content) from None
        else:
            return Response(
                status=handle.curl.getinfo(pycurl.RESPONSE_CODE),
                body=content.getvalue(),
                retry_after_s=handle.curl.getinfo(pycurl.RETRY_AFTER) or None,
                location=handle.curl.getinfo(pycurl.REDIRECT_URL) or "",
            )
        finally:
            self._idle.append(handle)

    def close(self) -> None:
        """End what is under way, unheard, and close every connection."""
        if self.thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self.thread.join(_CLOSE_S)

    async def _perform(self, handle: Handle, request: Request, content: io.BytesIO) -> None:
        handle.prepare(request, content, fresh=False)
        try:
            await self._multi.perform(handle.curl)
        except pycurl.error:
            if not handle.stopped:
                raise
            handle.prepare(request, content, fresh=True)
            await self._multi.perform(handle.curl)

    def _meaning(self, curl: pycurl.Curl, exc: pycurl.error, content: io.BytesIO) -> CallError:
        """By what the caller can do about it; libcurl's many codes matter less than whether the request was sent."""
        code, words = exc.args[0], plain(exc.args[1])
        if code == pycurl.E_FILESIZE_EXCEEDED:
            return Garbled(f"an answer of more than {self._options[pycurl.MAXFILESIZE]} bytes")
        if not curl.getinfo(pycurl.REQUEST_SIZE):
            return _NOT_SENT.get(code, Unreachable)(words)
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return NoAnswer(f"no whole answer within {self._deadline_s:g} s")
        if code == pycurl.E_SEND_FAIL_REWIND:
            return NoAnswer("the connection was closed before an answer came")
        if code == pycurl.E_PARTIAL_FILE:
            return NoAnswer(f"the answer ended after {content.tell()} bytes")
        return NoAnswer(words)

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
            handle.curl.close()
