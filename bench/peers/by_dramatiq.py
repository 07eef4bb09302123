"""dramatiq: its own command runs this module's workers, with REDIS_URL set; `python -m …` sends the load."""

from __future__ import annotations

import os
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from bench.peers.load import print_timing, reader, work

_URL = os.environ["REDIS_URL"]
dramatiq.set_broker(RedisBroker(url=_URL))
_client = redis.Redis.from_url(_URL)


@dramatiq.actor(queue_name="jobs", max_retries=0)
def compute(message: dict[str, Any]) -> None:
    """Compute one job."""
    work(_client, message)


if __name__ == "__main__":
    print_timing(lambda job: compute.send(job.encode()), reader(_URL))
