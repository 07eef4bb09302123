"""A TCP proxy that delays every byte like a long distance: `python -m bench.slow_link PORT DELAY_MS`.

Listens on a free port of loopback, which it prints, and forwards to `PORT`. `DELAY_MS` is one way; a round trip takes
twice as long. Bandwidth is not limited, and the order of bytes is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

_CHUNK_BYTES = 65_536

#: chunks in transit, each with the time at which it is due; an empty one marks the end
_Travelling = asyncio.Queue[tuple[float, bytes]]


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    """Forward each chunk `delay_s` seconds after it came, until either end closes."""
    clock = asyncio.get_running_loop().time
    travelling: _Travelling = asyncio.Queue()
    arriving = asyncio.create_task(_arrive(travelling, writer))
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK_BYTES):
            travelling.put_nowait((clock() + delay_s, chunk))
    travelling.put_nowait((clock() + delay_s, b""))
    with contextlib.suppress(ConnectionError):
        await arriving
    writer.close()


async def _arrive(travelling: _Travelling, writer: asyncio.StreamWriter) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        due, chunk = await travelling.get()
        if (early_s := due - clock()) > 0:
            await asyncio.sleep(early_s)
        if not chunk:
            return
        writer.write(chunk)
        await writer.drain()


async def serve(port: int, delay_s: float) -> None:
    """Listen until cancelled. The first line of standard output is the port."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, far_writer, delay_s), carry(far_reader, writer, delay_s))

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
