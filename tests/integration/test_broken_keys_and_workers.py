"""A key of another type, which the coordinator soon removes, or a role without rights: no worker ends of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tasks.messages import JOBS_QUEUE
from tests.support.processes import stop
from tests.support.redis_server import binary, running
from tests.support.workers import job, results, send, worker


@pytest.fixture
def own_redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis whose users one test may change."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with running(binary(), folder) as url:
        yield url


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


def test_a_worker_outlives_a_role_that_is_taken_back_and_given_again(own_redis_url: str, tmp_path: Path) -> None:
    with (
        worker(own_redis_url, tmp_path, settings={"FLEET_WORKER__CONCURRENCY": "1"}) as process,
        redis.Redis.from_url(own_redis_url) as client,
    ):
        client.execute_command("ACL", "SETUSER", "default", "-@write", "-@read")
        time.sleep(4)
        client.execute_command("ACL", "SETUSER", "default", "+@all")
        assert process.running, process.words()
        send(own_redis_url, job("job-1", {}))
        assert results(own_redis_url, 1)[0].job_id == "job-1"
        assert stop(process) == 0
