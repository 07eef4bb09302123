"""A dead transport takes calls without an error: the watchdog ends the process, and names the thread."""

from __future__ import annotations

from tests.support.engines import transport_by


async def nothing() -> None:
    """A call that does nothing."""


def test_a_call_to_a_dead_transport_raises_nothing_in_the_coordinators_loop() -> None:
    transport = transport_by("requests")
    transport._loop.call_soon_threadsafe(transport._loop.stop)
    transport.thread.join(10.0)
    assert not transport.thread.is_alive()
    transport.submit(nothing)
    transport.close()
