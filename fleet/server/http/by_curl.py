"""The engine by libcurl: all connections share the event loop's thread, which is far cheaper than a thread per call."""

from __future__ import annotations

import io
from collections.abc import Mapping

import certifi
import pycurl

from fleet.errors import CallError, Garbled, NoAnswer, UnknownHost, Unreachable, Untrusted
from fleet.server.http.interface import ACCEPT, CONTENT_TYPE, USER_AGENT, Options, Request, Response
from tasks.text import sanitized

#: "Expect:" removes the header that libcurl adds to large bodies, whose answer it would await for a second
_HEADERS = [f"Accept: {ACCEPT}", "Expect:"]
_JSON_HEADERS = [*_HEADERS, f"Content-Type: {CONTENT_TYPE}"]

#: errors before a request was sent that a retry does not fix
_NOT_SENT: dict[int, type[Unreachable]] = {
    pycurl.E_COULDNT_RESOLVE_HOST: UnknownHost,
    pycurl.E_PEER_FAILED_VERIFICATION: Untrusted,
    pycurl.E_SSL_CACERT_BADFILE: Untrusted,
    pycurl.E_SSL_ISSUER_ERROR: Untrusted,
}


class Handle:
    """A libcurl handle that sends nothing on a connection that answered a 5xx: the server is about to close it.

    The request itself must be stopped: libcurl can't be made to drop a connection that is in use, and the next request
    may take the connection as soon as the answer ends. `spent` holds the local ports of such connections,
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
        self._connected = False
        #: whether its last request was stopped before it used a spent connection, which is then closed
        self.stopped = False

    @property
    def sent(self) -> bool:
        """Whether the server may have received a part of the last request. A CONNECT to a proxy does not count."""
        return self._connected and bool(self.curl.getinfo(pycurl.REQUEST_SIZE))

    def prepare(self, request: Request, content: io.BytesIO, *, fresh: bool) -> None:
        """Prepare a request whose answer is written to `content`; `fresh` asks for a new connection."""
        self._new = self._connected = self.stopped = False
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
            # libcurl repeats a request that failed on a reused connection, unless it can't rewind the body
            curl.setopt(pycurl.READFUNCTION, io.BytesIO(request.body).read)

    def _on_socket(self, _descriptor: int, _purpose: int) -> int:
        self._new = True
        return int(pycurl.SOCKOPT_OK)

    def _on_connection(self, _remote_ip: str, _local_ip: str, _remote_port: int, local_port: int) -> int:
        """A connection was reused or made; nothing is sent yet."""
        self._port = local_port
        if local_port in self._spent:
            self._spent.discard(local_port)
            self.stopped = not self._new
        self._connected = not self.stopped
        return int(pycurl.PREREQFUNC_ABORT if self.stopped else pycurl.PREREQFUNC_OK)

    def _on_header(self, line: bytes) -> None:
        # a proxy's answer to CONNECT comes before the connection is established
        if self._connected and line.startswith(b"HTTP/") and line.partition(b" ")[2].startswith(b"5"):
            self._spent.add(self._port)


class CurlEngine:
    """Sends requests by libcurl."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._settings = _settings(options)
        self._idle: list[Handle] = []
        self._spent: set[int] = set()
        self._multi = pycurl.AsyncCurlMulti()

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer, as `Sender` says."""
        handle = self._idle.pop() if self._idle else Handle(self._settings, self._spent)
        content = io.BytesIO()
        try:
            await self._perform(handle, request, content)
        except pycurl.error as exc:
            raise self._meaning(handle, exc, content) from None
        else:
            return Response(
                status=handle.curl.getinfo(pycurl.RESPONSE_CODE),
                body=content.getvalue(),
                retry_after_s=handle.curl.getinfo(pycurl.RETRY_AFTER) or None,
                location=handle.curl.getinfo(pycurl.REDIRECT_URL) or "",
            )
        finally:
            self._idle.append(handle)

    async def close(self) -> None:
        """Close every connection; the requests under way have been cancelled."""
        await self._multi.aclose()
        for handle in self._idle:
            handle.curl.close()

    async def _perform(self, handle: Handle, request: Request, content: io.BytesIO) -> None:
        handle.prepare(request, content, fresh=False)
        try:
            await self._multi.perform(handle.curl)
        except pycurl.error:
            if not handle.stopped:
                raise
            handle.prepare(request, content, fresh=True)
            await self._multi.perform(handle.curl)

    def _meaning(self, handle: Handle, exc: pycurl.error, content: io.BytesIO) -> CallError:
        """The CallError for a libcurl error, above all by whether the request was sent."""
        code, words = exc.args[0], sanitized(exc.args[1])
        if code == pycurl.E_FILESIZE_EXCEEDED:
            return Garbled(f"an answer of more than {self._options.max_body_bytes} bytes")
        if not handle.sent:
            return _NOT_SENT.get(code, Unreachable)(words)
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return NoAnswer(f"no whole answer within {self._options.deadline_s:g} s")
        if code == pycurl.E_SEND_FAIL_REWIND:
            return NoAnswer("the connection was closed before an answer came")
        if code == pycurl.E_PARTIAL_FILE:
            return NoAnswer(f"the answer ended after {content.tell()} bytes")
        return NoAnswer(words)


def _settings(options: Options) -> dict[int, object]:
    """The options of every handle."""
    return {
        pycurl.TIMEOUT_MS: round(options.deadline_s * 1000),
        pycurl.CONNECTTIMEOUT_MS: round(options.connect_s * 1000),
        pycurl.MAXFILESIZE: options.max_body_bytes,
        pycurl.CAINFO: str(options.ca_file or certifi.where()),
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
        # settings alone decide where a call goes, not the environment
        pycurl.PROXY: options.proxy,
        pycurl.NOPROXY: "",
        pycurl.USERAGENT: USER_AGENT,
        pycurl.TCP_KEEPALIVE: 1,
        pycurl.MAXLIFETIME_CONN: options.connection_life_s,
        pycurl.NOSIGNAL: 1,
    } | ({pycurl.INTERFACE: options.interface} if options.interface else {})
