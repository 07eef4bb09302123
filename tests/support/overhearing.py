"""Records every command that Redis receives, by MONITOR."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import redis


@contextmanager
def overheard(url: str) -> Iterator[list[str]]:
    """A list of every command that any client sends to Redis during the block."""
    commands: list[str] = []
    client = redis.Redis.from_url(url)
    with client.monitor() as monitor:  # type: ignore[no-untyped-call]

        def listen() -> None:
            for line in monitor.listen():
                commands.append(line["command"])
                if "end-of-the-test" in commands[-1]:
                    return

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield commands
        finally:
            redis.Redis.from_url(url).echo("end-of-the-test")
            thread.join(30)
