"""HTTP to one server on a thread of its own: many requests at once, each with a deadline. Never retries."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from types import TracebackType
from typing import Any

from fleet.server.http.interface import AsyncFunction, Engine, Request, Response, Sender
from fleet.threads import Progress, WatchedThread

_CLOSE_S = 5.0
_BEAT_S = 1.0
_PATIENCE_S = 60.0


class Transport:
    """Sends requests over reused connections. Closing it aborts the requests under way.

    `engine` sends the miners' calls, and `others`, by default the same, all other requests.
    """

    def __init__(self, engine: Engine, others: Engine | None = None) -> None:
        self._engine = engine
        self._others = others or engine
        self._orders: deque[tuple[AsyncFunction, tuple[Any, ...]]] = deque()
        self._woken = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self.thread = WatchedThread("transport", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def others(self) -> Sender:
        """The sender of requests other than the miners' calls."""
        return self._others

    def submit(self, function: AsyncFunction, *args: Any) -> None:
        """Run `function` on the transport's thread, where it may `send`. May be called from any thread."""
        self._orders.append((function, args))
        if not self._woken:
            # waking the thread costs more than the work itself
            self._woken = True
            with contextlib.suppress(RuntimeError):
                # the loop of a thread that has died is closed: the watchdog ends the process, and names the thread
                self._loop.call_soon_threadsafe(self._begin)

    async def send(self, request: Request) -> Response:
        """Send a miner's request and read its answer, as `Sender` says."""
        return await self._engine.send(request)

    def close(self) -> None:
        """Abort the requests under way and close every connection."""
        if self.thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self.thread.join(_CLOSE_S)

    def _begin(self) -> None:
        self._woken = False
        while self._orders:
            function, args = self._orders.popleft()
            task = self._loop.create_task(function(*args))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _run(self, progress: Progress) -> None:
        asyncio.set_event_loop(self._loop)
        self._beat(progress)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    def _beat(self, progress: Progress) -> None:
        progress.beat()
        self._loop.call_later(_BEAT_S, self._beat, progress)

    async def _end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for engine in {id(one): one for one in (self._engine, self._others)}.values():
            await engine.close()
