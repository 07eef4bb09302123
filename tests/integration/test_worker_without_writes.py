"""A worker whose Redis takes no writes for a while, as one that is full: it waits, and goes on."""

from __future__ import annotations

import time
from pathlib import Path

import redis

from tests.support.workers import job, results, send, worker


def test_a_worker_that_connects_while_redis_takes_no_writes_waits_and_goes_on(
    empty_redis_url: str, tmp_path: Path
) -> None:
    with worker(empty_redis_url, tmp_path) as process, redis.Redis.from_url(empty_redis_url) as client:
        client.config_set("min-replicas-to-write", "1")
        try:
            for _ in range(4):
                client.client_kill_filter(_type="normal", skipme=True)
                time.sleep(1)
                assert process.running, process.words()
        finally:
            client.config_set("min-replicas-to-write", "0")
        send(empty_redis_url, job("a-job", {"transactions": []}))
        assert [message.job_id for message in results(empty_redis_url, 1)] == ["a-job"]
        assert process.running
