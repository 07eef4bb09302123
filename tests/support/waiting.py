"""A client whose calls are waited for, and a server that answers by a script."""

from __future__ import annotations

import contextlib
import queue
import re
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fleet.domain.calls import Answer, Call, CallKind
from fleet.domain.jobs import MinerSpec
from fleet.domain.proof import Exchange
from fleet.errors import CallError
from fleet.server.client import Client
from fleet.server.http.choice import EngineName
from tests.support.engines import transport_by

T = TypeVar("T")

SPEC = MinerSpec(miner_id="rig-1")
DEADLINE_S = 1.0
START = Call(kind=CallKind.START_SESSION, spec=SPEC)


class Waiting:
    """A client on a transport of its own, whose calls are waited for."""

    def __init__(self, engine: EngineName, url: str, *, deadline_s: float = DEADLINE_S) -> None:
        self.transport = transport_by(engine, deadline_s=deadline_s)
        self.client = Client(url, self.transport)

    def __enter__(self) -> Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    def perform(self, call: Call) -> tuple[Answer | CallError, Exchange]:
        return self.waited(self.client.perform, call)

    def waited(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        box: queue.SimpleQueue[T] = queue.SimpleQueue()

        async def asked() -> None:
            box.put(await function(*args))

        self.transport.submit(asked)
        return box.get(timeout=30)


@contextmanager
def scripted(play: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that plays each connection by a script; its URL."""
    stop = threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                play(connection, stop)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def whole_request(connection: socket.socket) -> bytes:
    """A request as it came, headers and body. Raises ConnectionError when the other side has hung up."""
    content = b""
    while True:
        head, _, body = content.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        if b"\r\n\r\n" in content and len(body) >= int(length[1] if length else 0):
            return content
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("nothing more is sent")
        content += part
