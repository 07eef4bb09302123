"""How many messages wait in each queue of jobs."""

from __future__ import annotations

from collections.abc import Iterable

import redis

from tasks.job_queues import QUEUES


def queue_lengths(client: redis.Redis, queues: Iterable[str] = tuple(QUEUES.values())) -> dict[str, int]:
    """Queue → its length, in one round trip. Raises redis-py's errors, also where a key is of another type."""
    names = tuple(queues)
    pipeline = client.pipeline(transaction=False)
    for name in names:
        pipeline.llen(name)
    return dict(zip(names, map(int, pipeline.execute()), strict=True))
