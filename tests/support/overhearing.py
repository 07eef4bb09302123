"""Every command that Redis is told, as MONITOR shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import redis


@contextmanager
def overheard(url: str) -> Iterator[list[str]]:
    """Every command that any client sends to Redis meanwhile."""
    commands: list[str] = []
    client = redis.Redis.from_url(url)
    with client.monitor() as monitor:  # type: ignore[no-untyped-call]

        def listen() -> None:
            for told in monitor.listen():
                commands.append(told["command"])
                if "end-of-the-test" in commands[-1]:
                    return

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield commands
        finally:
            redis.Redis.from_url(url).echo("end-of-the-test")
            thread.join(30)
