"""The engine by requests, which runs wherever Python runs: each request has a thread with a connection of its own.

A call takes three to five times the CPU that libcurl needs, since each read and each lock waits for the
interpreter.
"""

from __future__ import annotations

import asyncio
from collections import deque

from fleet.errors import NoAnswer, Unreachable
from fleet.server.http.interface import Options, Request, Response
from fleet.server.http.request_thread import RequestThread, verifying
from fleet.server.http.watched import InFlight


class RequestsEngine:
    """Sends requests by requests, at most `options.connections` at once; others wait for their turn."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._tls = verifying(options)
        #: the last one used goes first: servers close connections that are idle for seconds
        self._idle: list[RequestThread] = []
        self._threads: list[RequestThread] = []
        self._waiting: deque[InFlight] = deque()
        self._futures: dict[InFlight, asyncio.Future[Response]] = {}

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer, as `Sender` says."""
        loop = asyncio.get_running_loop()
        in_flight, options = InFlight(request), self._options
        future: asyncio.Future[Response] = loop.create_future()
        self._futures[in_flight] = future
        timers = (
            loop.call_later(options.connect_s, self._not_connected, in_flight),
            loop.call_later(options.deadline_s, self._too_late, in_flight),
        )
        try:
            self._assign(in_flight, loop)
            return await future
        finally:
            for timer in timers:
                timer.cancel()
            in_flight.abort()
            del self._futures[in_flight]

    async def close(self) -> None:
        """End every thread; their requests were aborted with the callers."""
        for thread in self._threads:
            thread.assign(None)

    def _assign(self, in_flight: InFlight, loop: asyncio.AbstractEventLoop) -> None:
        if self._idle:
            self._idle.pop().assign(in_flight)
        elif len(self._threads) < self._options.connections:

            def report(thread: RequestThread, carried: InFlight, outcome: Response | Exception) -> None:
                loop.call_soon_threadsafe(self._ended, thread, carried, outcome)

            thread = RequestThread(self._options, self._tls, report)
            try:
                thread.start()
            except RuntimeError as exc:
                raise Unreachable(f"no thread for another request: {exc}") from exc
            self._threads.append(thread)
            thread.assign(in_flight)
        else:
            self._waiting.append(in_flight)

    def _ended(self, thread: RequestThread, in_flight: InFlight, outcome: Response | Exception) -> None:
        if self._waiting:
            thread.assign(self._waiting.popleft())
        else:
            self._idle.append(thread)
        self._finish(in_flight, outcome)

    def _not_connected(self, in_flight: InFlight) -> None:
        if in_flight.abort(unless_sent=True):
            self._finish(in_flight, Unreachable(f"no connection within {self._options.connect_s:g} s"))

    def _too_late(self, in_flight: InFlight) -> None:
        if in_flight.abort():
            kind = NoAnswer if in_flight.sent else Unreachable
            self._finish(in_flight, kind(f"no whole answer within {self._options.deadline_s:g} s"))

    def _finish(self, in_flight: InFlight, outcome: Response | Exception) -> None:
        future = self._futures.get(in_flight)
        if future is None or future.done():
            return
        if isinstance(outcome, Response):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
