"""A thread that sends one request after the other by requests, over a connection of its own."""

from __future__ import annotations

import ipaddress
import logging
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection

from fleet.errors import Garbled, NoAnswer
from fleet.server.http.answers import location_of, retry_after_s
from fleet.server.http.failures import meaning
from fleet.server.http.interface import ACCEPT, CONTENT_TYPE, USER_AGENT, Options, Request, Response
from fleet.server.http.watched import HERE, POOLS, InFlight, WatchedConnection

# urllib3 logs malformed headers with a traceback; the caller reports a bad answer once
logging.getLogger("urllib3").setLevel(logging.ERROR)

_CHUNK_BYTES = 65_536
#: no compression, so that the limit of an answer's size holds for what is received
_HEADERS = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "identity"}
_JSON_HEADERS = _HEADERS | {"Content-Type": CONTENT_TYPE}
_KEEP_ALIVE = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

#: called on the thread when a request has ended
Report = Callable[["RequestThread", InFlight, Response | Exception], None]


class RequestThread(threading.Thread):
    """A thread with a connection of its own, which sends one request after the other."""

    def __init__(self, options: Options, tls: ssl.SSLContext, report: Report) -> None:
        super().__init__(name="http", daemon=True)
        self._options = options
        self._adapter = _Adapter(tls, options.interface)
        self._proxies = {"http": options.proxy, "https": options.proxy} if options.proxy else {}
        self._orders: queue.SimpleQueue[InFlight | None] = queue.SimpleQueue()
        self._report = report
        self._connection: WatchedConnection | None = None

    def assign(self, in_flight: InFlight | None) -> None:
        """Send this request next; None ends the thread. May be called from any thread."""
        self._orders.put(in_flight)

    def run(self) -> None:
        """Send the assigned requests until the end."""
        while (in_flight := self._orders.get()) is not None:
            outcome = self._carried(in_flight)
            try:
                self._report(self, in_flight, outcome)
            except RuntimeError:
                # the loop is closed, so nobody needs the reply
                break
        self._drop()

    def _carried(self, in_flight: InFlight) -> Response | Exception:
        HERE.in_flight = in_flight
        try:
            return self._exchanged(in_flight)
        except Exception as exc:  # noqa: BLE001 - whatever it was, the caller hears of it and the thread goes on
            return meaning(exc, self._options, sent=in_flight.sent)
        finally:
            in_flight.finish()
            self._connection = in_flight.connection or self._connection

    def _exchanged(self, in_flight: InFlight) -> Response:
        if self._connection is not None:
            age_s = time.monotonic() - self._connection.made_at
            if age_s >= self._options.connection_life_s:
                self._drop()
        answer = self._adapter.send(
            _prepared(in_flight.request),
            stream=True,
            timeout=(self._options.connect_s, self._options.deadline_s),
            proxies=self._proxies,
        )
        try:
            if answer.status_code < 200:
                # the next bytes on this connection would be taken for the answer to the next request
                raise NoAnswer(f"an interim answer that was not asked for: {answer.status_code}")
            body = _read(answer.raw, self._options.max_body_bytes)
        except BaseException:
            answer.raw.close()
            if in_flight.connection is not None:
                in_flight.connection.close()
            raise
        answer.raw.release_conn()
        if answer.status_code >= 500 and in_flight.connection is not None:
            # the server is about to close it
            in_flight.connection.close()
        return Response(
            status=answer.status_code,
            body=body,
            retry_after_s=retry_after_s(answer.headers.get("Retry-After", ""), time.time()),
            location=location_of(answer.status_code, in_flight.request.url, answer.headers.get("Location", "")),
            date=answer.headers.get("Date", ""),
        )

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Adapter(HTTPAdapter):
    """One watched connection by `interface`, verified by the authorities of `tls`. No retries."""

    def __init__(self, tls: ssl.SSLContext, interface: str) -> None:
        self._tls = tls
        self._leaving = _leaving_by(interface)
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **kwargs, **self._own())
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs, **self._own())
        manager.pool_classes_by_scheme = POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verification to the context: otherwise certifi's authorities would count, too."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {**tls, "ssl_context": self._tls}

    def _own(self) -> dict[str, Any]:
        return {
            "ssl_context": self._tls,
            "socket_options": [*HTTPConnection.default_socket_options, _KEEP_ALIVE],
        } | self._leaving


def _leaving_by(interface: str) -> dict[str, Any]:
    """The options of a pool whose connections leave by an interface, or by an address, of this machine."""
    if not interface:
        return {}
    try:
        ipaddress.ip_address(interface.partition("%")[0])
    except ValueError:
        by_name = (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        return {"socket_options": [*HTTPConnection.default_socket_options, _KEEP_ALIVE, by_name]}
    return {"source_address": (interface, 0)}


def verifying(options: Options) -> ssl.SSLContext:
    """The TLS context that verifies a server's certificate and name, shared by all connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # an intermediate authority may be given without its root, as for libcurl
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(options.ca_file or certifi.where())
    return context


def _prepared(request: Request) -> requests.PreparedRequest:
    if request.body is None:
        return requests.Request("GET", request.url, headers=_HEADERS).prepare()
    return requests.Request("POST", request.url, headers=_JSON_HEADERS, data=request.body).prepare()


def _read(raw: HTTPResponse, limit: int) -> bytes:
    """The body as received, not decompressed. Raises Garbled past `limit` bytes."""
    body = bytearray()
    while chunk := raw.read(_CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > limit:
            raise Garbled(f"an answer of more than {limit} bytes")
    return bytes(body)
