"""Sends answers over their connections, correctly or with a fault."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from http.client import responses
from random import Random
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError

from fleet.simulator.answers import Answer
from fleet.simulator.faultkinds import FaultKind

#: seconds until a server that broke closes the connection, since it writes its log first
CLOSE_AFTER_S = 0.005
#: share of those connections that close silently; the others close with a reset, as with input that nobody has read
SILENT_SHARE = 0.1
#: seconds after which a hanging connection is closed
HANG_S = 3600.0
#: seconds between two bytes of a trickling answer
TRICKLE_S = 1.0

_START_LINES = {status: ResponseStartLine("HTTP/1.1", status, words) for status, words in responses.items()}


def deliver(request: HTTPServerRequest, answer: Answer, rng: Random) -> None:
    """Send the answer, even if the caller has gone. `rng` decides how a connection that is then closed ends."""
    connection = request.connection
    if connection is None:
        return
    headers = HTTPHeaders()
    headers["Content-Type"] = answer.content_type
    headers["Content-Length"] = str(len(answer.body))
    for name, value in answer.headers:
        headers[name] = value
    with suppress(StreamClosedError):
        # The future only says when the bytes have left; the next request waits for that anyway.
        connection.write_headers(_START_LINES[answer.status], headers, answer.body)
        if answer.closes:
            _close_soon(cast("HTTP1Connection", connection).stream, reset=rng.random() >= SILENT_SHARE)
        else:
            connection.finish()


def _close_soon(stream: IOStream, *, reset: bool) -> None:
    """Close a connection without announcing it, and serve nothing that arrives on it meanwhile."""
    if reset:
        # a close that lingers for no time is a reset, whatever was read or sent
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    IOLoop.current().call_later(CLOSE_AFTER_S, stream.close)


async def fail_to_deliver(request: HTTPServerRequest, answer: Answer, kind: FaultKind) -> None:
    """Send the part of the answer that the fault allows, then close."""
    stream = cast("HTTP1Connection", request.connection).stream
    try:
        if kind in {FaultKind.HANG_BEFORE, FaultKind.HANG_AFTER}:
            await _hang(stream)
        elif kind is FaultKind.HANG_BODY:
            await stream.write(head_of(answer) + answer.body[: len(answer.body) // 2])
            await _hang(stream)
        elif kind is FaultKind.TRICKLE:
            await _trickle(stream, head_of(answer) + answer.body)
    except StreamClosedError:
        return
    finally:
        stream.close()


async def _hang(stream: IOStream) -> None:
    """Do nothing until the caller gives up."""
    for _ in range(int(HANG_S)):
        await asyncio.sleep(1)
        if stream.closed():
            return


async def _trickle(stream: IOStream, raw: bytes) -> None:
    for byte in raw:
        await stream.write(bytes((byte,)))
        await asyncio.sleep(TRICKLE_S)


def head_of(answer: Answer) -> bytes:
    """Status line and headers as bytes."""
    lines = [f"HTTP/1.1 {answer.status} {responses[answer.status]}", f"Content-Type: {answer.content_type}"]
    lines += [f"Content-Length: {len(answer.body)}", *(f"{name}: {value}" for name, value in answer.headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
