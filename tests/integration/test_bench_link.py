"""The bench's slow way between worker and Redis: late, whole and in order."""

from __future__ import annotations

import asyncio
import time

from bench.slow_link import carry

DELAY_S = 0.1


async def relayed(chunks: list[bytes], pause_s: float) -> tuple[bytes, float]:
    """What comes out of a slow way into which `chunks` go, and seconds from the last one's departure to the end."""
    far: asyncio.Future[tuple[bytes, float]] = asyncio.get_running_loop().create_future()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far.set_result((await reader.read(), time.perf_counter()))
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, far_writer = await asyncio.open_connection("127.0.0.1", end.sockets[0].getsockname()[1])
        await carry(reader, far_writer, DELAY_S)
        writer.close()

    end = await asyncio.start_server(receive, "127.0.0.1", 0)
    link = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with end, link:
        _, writer = await asyncio.open_connection("127.0.0.1", link.sockets[0].getsockname()[1])
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause_s)
        writer.close()
        left_at = time.perf_counter()
        received, at = await far
    return received, at - left_at


def test_bytes_arrive_whole_in_order_and_late() -> None:
    chunks = [bytes([n]) * 30_000 for n in range(20)]
    received, late_s = asyncio.run(relayed(chunks, pause_s=0.0))
    assert received == b"".join(chunks)
    assert late_s >= DELAY_S * 0.9


def test_chunks_travel_at_the_same_time() -> None:
    received, late_s = asyncio.run(relayed([b"x"] * 20, pause_s=0.02))
    assert received == b"x" * 20
    # one after the other they would take 20 delays
    assert late_s < DELAY_S * 10
