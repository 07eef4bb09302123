"""taskiq on Redis streams: its own command runs the workers on this module, with REDIS_URL set.

`python -m …` sends the load.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import redis
from taskiq_redis import RedisStreamBroker

from bench.peers.load import print_timing, reader, work

_URL = os.environ["REDIS_URL"]
broker = RedisStreamBroker(url=_URL)
_client = redis.Redis.from_url(_URL)


@broker.task(task_name="jobs")
def compute(message: dict[str, Any]) -> None:
    """Compute one job."""
    work(_client, message)


def main() -> None:
    """Send the load from one event loop, which lives as long as the broker's connections."""
    with asyncio.Runner() as runner:
        runner.run(broker.startup())
        print_timing(lambda job: runner.run(compute.kiq(job.encode())), reader(_URL))
        runner.run(broker.shutdown())


if __name__ == "__main__":
    main()
