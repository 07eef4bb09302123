"""The only file on the network to NeoNet: one method an endpoint. Never retries, never decides.

Requests' and urllib3's exceptions end here, by `_translated`; `tests/unit/test_client_errors.py` proves the table
complete.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from fleet import protocol
from fleet.calls import Answer, Call, CallKind
from fleet.deadline import Watch, Watchdog
from fleet.errors import CallError, Garbled, NoAnswer, ServerFault, Unreachable
from fleet.models import GasInfo, NetworkPhase, Totals, Usage
from fleet.proof import Exchange

_CHUNK_BYTES = 64 * 1024
_HEADERS = {
    "User-Agent": requests.utils.default_user_agent(),
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
}


class Client:
    """Calls to one NeoNet server. Threads may share it; each keeps a connection of its own.

    `deadline_s` bounds a whole call, from the first byte sent to the last byte read. An answer over `max_body_bytes`
    is Garbled.
    """

    def __init__(
        self,
        base_url: str,
        *,
        deadline_s: float = 15.0,
        connect_timeout_s: float = 5.0,
        max_body_bytes: int = 1_048_576,
        ca_file: Path | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._deadline_s = deadline_s
        self._timeout = (min(connect_timeout_s, deadline_s), deadline_s)
        self._max_body_bytes = max_body_bytes
        self._verify: bool | str = str(ca_file) if ca_file else True
        self._watchdog = Watchdog()
        self._threads = threading.local()
        self._adapters: list[HTTPAdapter] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; calls in flight end as NoAnswer."""
        with self._lock:
            for adapter in self._adapters:
                adapter.close()
            self._adapters.clear()

    @property
    def exchange(self) -> Exchange:
        """Digests of the calling thread's last call, as far as it came: none of an answer that was not read."""
        exchange: Exchange = getattr(self._threads, "exchange", Exchange())
        return exchange

    def perform(self, call: Call) -> Answer:
        """Send a miner's call and read its answer.

        Raises CallError, by what the miner can do about it.
        """
        spec, miner_id = call.spec, call.spec.miner_id
        match call.kind:
            case CallKind.REGISTER:
                return protocol.parse_registration(self._post("/ai-energy/register", protocol.registration_body(spec)))
            case CallKind.START_SESSION:
                return protocol.parse_session_start(
                    self._post("/ai-energy/start-session", protocol.session_body(miner_id))
                )
            case CallKind.FETCH:
                content = self._exchange("GET", f"/ai-energy/task/{quote(miner_id)}", None)
                return protocol.parse_fetched(content, miner_id)
            case CallKind.SUBMIT:
                body = protocol.submission_body(miner_id, call.session_id, call.job_id, call.result)
                return protocol.parse_receipt(self._post("/ai-energy/submit-result", body))
            case CallKind.HEARTBEAT:
                body = protocol.heartbeat_body(
                    miner_id, call.session_id, call.usage or Usage(cpu_percent=0.0), call.completed
                )
                return protocol.parse_heartbeat(self._post("/ai-energy/heartbeat", body))
            case CallKind.STOP_SESSION:
                body = protocol.session_body(miner_id, call.session_id)
                return protocol.parse_session_summary(self._post("/ai-energy/stop-session", body))
            case CallKind.TOTALS:
                return self._totals(call)

    def gas(self) -> GasInfo:
        """Current network fees."""
        return protocol.parse_gas(self._get("/api/gas/info"))

    def network(self) -> NetworkPhase:
        """Phase of decentralization and load shares."""
        return protocol.parse_network(self._get("/api/decentralization/status"))

    def _totals(self, call: Call) -> Totals:
        """What the server has paid, from `contributor` or, where that answers 500, from "Already registered"."""
        try:
            return protocol.parse_totals(self._get(f"/ai-energy/contributor/{quote(call.spec.miner_id)}"))
        except ServerFault as fault:
            try:
                again = protocol.parse_registration(
                    self._post("/ai-energy/register", protocol.registration_body(call.spec))
                )
            finally:
                self._threads.exchange = replace(self.exchange, requests=2)
            if again.totals is None:
                raise fault from None
            return again.totals

    def _get(self, path: str) -> dict[str, Any]:
        return protocol.parse_object(self._exchange("GET", path, None))

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        sent = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        return protocol.parse_object(self._exchange("POST", path, sent))

    def _exchange(self, method: str, path: str, body: bytes | None) -> bytes:
        """The body of an answer with status 200."""
        with self._watchdog.watch(self._deadline_s) as watch:
            self._threads.watch, self._threads.exchange = watch, Exchange()
            try:
                response = self._adapter().send(
                    _prepared(method, self.base_url + path, body),
                    timeout=self._timeout,
                    stream=True,
                    verify=self._verify,
                )
                with response:
                    content = self._read(response, watch)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
                raise _translated(exc, watch, self._deadline_s) from exc
        self._threads.exchange = Exchange.of(body, content)
        if response.status_code != 200:
            raise protocol.error_of(response.status_code, content, response.headers.get("Retry-After"))
        return content

    def _read(self, response: requests.Response, watch: Watch) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise Garbled(f"content encoding {response.headers['Content-Encoding']!r:.40} was not asked for")
        content = bytearray()
        while chunk := response.raw.read(_CHUNK_BYTES):
            content += chunk
            if len(content) > self._max_body_bytes:
                raise Garbled(f"an answer of more than {self._max_body_bytes} bytes")
        stated = response.headers.get("Content-Length", "")
        if watch.expired or (stated.isdigit() and len(content) < int(stated)):
            raise NoAnswer(f"the answer ended after {len(content)} bytes")
        return bytes(content)

    def _adapter(self) -> HTTPAdapter:
        adapter: HTTPAdapter | None = getattr(self._threads, "adapter", None)
        if adapter is None:
            adapter = self._threads.adapter = _WatchedAdapter(self._threads)
            with self._lock:
                self._adapters.append(adapter)
        return adapter


def _prepared(method: str, url: str, body: bytes | None) -> requests.PreparedRequest:
    """A request for an adapter itself.

    A session would look for cookies, redirects, proxies and passwords, at half the price of the call. None of them is
    wanted: settings alone decide where a call goes.
    """
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.body = method, url, body
    prepared.headers = CaseInsensitiveDict(_HEADERS)
    if body:
        prepared.headers["Content-Type"] = "application/json"
        prepared.headers["Content-Length"] = str(len(body))
    return prepared


class _WatchedAdapter(HTTPAdapter):
    """Tells the calling thread's watch which socket the call reads from."""

    def __init__(self, threads: threading.local) -> None:
        self._threads = threads
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool_class(urllib3.HTTPConnectionPool, urllib3.connection.HTTPConnection, self._threads),
            "https": _pool_class(urllib3.HTTPSConnectionPool, urllib3.connection.HTTPSConnection, self._threads),
        }


def _pool_class(pool: type, connection: type, threads: threading.local) -> type:
    def getresponse(self: Any) -> Any:
        threads.watch.attach(self.sock)
        return connection.getresponse(self)  # type: ignore[attr-defined]

    watched = type(f"Watched{connection.__name__}", (connection,), {"getresponse": getresponse})
    return type(f"Watched{pool.__name__}", (pool,), {"ConnectionCls": watched})


def _translated(exc: Exception, watch: Watch, deadline_s: float) -> CallError:
    """What an exception of the HTTP library means for the caller."""
    if isinstance(exc, CallError):
        return exc
    if watch.expired or isinstance(exc, requests.ReadTimeout | urllib3.exceptions.ReadTimeoutError):
        return NoAnswer(f"no whole answer within {deadline_s:g} s")
    if isinstance(exc, requests.ConnectTimeout | requests.exceptions.SSLError) or _never_connected(exc):
        return Unreachable(_reason(exc))
    if isinstance(exc, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | ValueError):
        return Unreachable(_reason(exc))
    return NoAnswer(_reason(exc))


def _never_connected(exc: BaseException) -> bool:
    never = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError)
    return any(isinstance(inner, never) for inner in _chain(exc))


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """The exception, what it wraps, and what that wraps: requests and urllib3 keep it in three different places."""
    inner: object = exc
    for _ in range(8):
        if not isinstance(inner, BaseException):
            return
        yield inner
        wrapped = inner.args[0] if inner.args and isinstance(inner.args[0], BaseException) else None
        inner = getattr(inner, "reason", None) or wrapped or inner.__cause__


def _reason(exc: BaseException) -> str:
    """The innermost words: "Connection refused", not the pool and the path that were tried."""
    for inner in _chain(exc):
        if isinstance(inner, OSError) and inner.strerror:
            return f"{inner.strerror}"
    return str(list(_chain(exc))[-1]).rpartition(": ")[2][:200] or type(exc).__name__
