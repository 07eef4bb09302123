"""A queue of another type, which the coordinator removes within seconds: no worker ends of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis

from tasks.messages import JOBS_QUEUE
from tests.support.processes import stop
from tests.support.workers import job, results, send, worker


@pytest.mark.parametrize("key", [JOBS_QUEUE, "unacked", "unacked_index", f"_kombu.binding.{JOBS_QUEUE}"])
def test_a_worker_outlives_a_key_of_another_type(key: str, empty_redis_url: str, tmp_path: Path) -> None:
    settings = {"FLEET_WORKER__CONCURRENCY": "1"}
    with (
        worker(empty_redis_url, tmp_path, settings=settings) as process,
        redis.Redis.from_url(empty_redis_url) as client,
    ):
        client.set(key, "something else")
        time.sleep(7)
        assert process.running, process.words()
        client.delete(key)
        send(empty_redis_url, job("job-1", {}))
        assert results(empty_redis_url, 1)[0].job_id == "job-1"
        assert stop(process) == 0
