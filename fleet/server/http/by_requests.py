"""The engine by requests, which runs wherever Python runs: a thread carries each request, over a connection of its own.

Beside libcurl a call takes three to five times the CPU, since each read and each lock of a thread waits for the
interpreter.
"""

from __future__ import annotations

import asyncio
from collections import deque

from fleet.errors import NoAnswer, Unreachable
from fleet.server.http.interface import Options, Request, Response
from fleet.server.http.lane import Lane, verifying
from fleet.server.http.watched import Passage


class RequestsEngine:
    """Sends requests by requests, at most `options.connections` at once; others wait for their turn."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._tls = verifying(options)
        #: the last one used goes first: servers close what is idle for seconds
        self._idle: list[Lane] = []
        self._lanes: list[Lane] = []
        self._waiting: deque[Passage] = deque()
        self._futures: dict[Passage, asyncio.Future[Response]] = {}

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer, as `Sender` says."""
        loop = asyncio.get_running_loop()
        passage, options = Passage(request), self._options
        future: asyncio.Future[Response] = loop.create_future()
        self._futures[passage] = future
        timers = (
            loop.call_later(options.connect_s, self._not_connected, passage),
            loop.call_later(options.deadline_s, self._too_late, passage),
        )
        try:
            self._assign(passage, loop)
            return await future
        finally:
            for timer in timers:
                timer.cancel()
            passage.end()
            del self._futures[passage]

    async def close(self) -> None:
        """Let every thread end; what they carried was ended with its caller."""
        for lane in self._lanes:
            lane.carry(None)

    def _assign(self, passage: Passage, loop: asyncio.AbstractEventLoop) -> None:
        if self._idle:
            self._idle.pop().carry(passage)
        elif len(self._lanes) < self._options.connections:

            def report(lane: Lane, carried: Passage, outcome: Response | Exception) -> None:
                loop.call_soon_threadsafe(self._hear, lane, carried, outcome)

            lane = Lane(self._options, self._tls, report)
            try:
                lane.start()
            except RuntimeError as exc:
                raise Unreachable(f"no thread for another request: {exc}") from exc
            self._lanes.append(lane)
            lane.carry(passage)
        else:
            self._waiting.append(passage)

    def _hear(self, lane: Lane, passage: Passage, outcome: Response | Exception) -> None:
        if self._waiting:
            lane.carry(self._waiting.popleft())
        else:
            self._idle.append(lane)
        self._settle(passage, outcome)

    def _not_connected(self, passage: Passage) -> None:
        if passage.end(unless_sent=True):
            self._settle(passage, Unreachable(f"no connection within {self._options.connect_s:g} s"))

    def _too_late(self, passage: Passage) -> None:
        if passage.end():
            kind = NoAnswer if passage.sent else Unreachable
            self._settle(passage, kind(f"no whole answer within {self._options.deadline_s:g} s"))

    def _settle(self, passage: Passage, outcome: Response | Exception) -> None:
        future = self._futures.get(passage)
        if future is None or future.done():
            return
        if isinstance(outcome, Response):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
