"""Passes TCP connections on to another address, so that a container can publish the port of another one."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

#: connections at once; seconds to reach the other address, and seconds that a connection lasts at most
MOST_CONNECTIONS, _CONNECT_S, _LONGEST_S = 64, 5.0, 60.0
_PIECE_BYTES = 65_536


class Forwarder:
    """Connects each visitor with `target`, a host and a port. Past the most, the oldest visitor makes room."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        #: one task for each connection, the oldest first
        self._open: dict[asyncio.Task[Any], None] = {}

    async def serve(self, address: str, port: int) -> None:
        """Listen until cancelled. Raises OSError where the address can't be bound."""
        server = await asyncio.start_server(self.forward, address, port, backlog=MOST_CONNECTIONS)
        async with server:
            await server.serve_forever()

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until either side ends it."""
        if len(self._open) >= MOST_CONNECTIONS:
            # visitors who send nothing would keep others out
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.cancel()
        own = asyncio.current_task()
        assert own is not None  # noqa: S101 - a coroutine runs in a task
        self._open[own] = None
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_S):
                    there, back = await asyncio.open_connection(*self._target)
                with contextlib.closing(back):
                    async with asyncio.timeout(_LONGEST_S):
                        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        finally:
            self._open.pop(own, None)
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until its end, and then the end."""
    while piece := await reader.read(_PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
