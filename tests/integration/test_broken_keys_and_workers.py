"""A key of another type, which the coordinator soon removes, or a role without rights: no worker ends of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tasks.messages import JOBS_QUEUE, RESULTS_STREAM
from tests.support.processes import Started, eventually, stop
from tests.support.redis_server import binary, running
from tests.support.workers import job, results, send, worker


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis whose keys, users and statistics are these tests' own."""
    with running(binary(), tmp_path_factory.mktemp("redis")) as one:
        yield one


@pytest.fixture(scope="module")
def process(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A worker that has to outlive all tests."""
    with worker(url, tmp_path_factory.mktemp("worker"), settings={"FLEET_WORKER__CONCURRENCY": "1"}) as one:
        yield one
        assert one.running, one.words()
        assert stop(one) == 0


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    """A connection to that Redis, whose statistics begin at zero."""
    with redis.Redis.from_url(url) as one:
        one.config_resetstat()
        yield one


def refused(client: redis.Redis, error: str) -> int:
    """How often Redis has answered with that error."""
    return int(client.info("errorstats").get(f"errorstat_{error}", {"count": 0})["count"])


def computes(url: str, process: Started, client: redis.Redis, name: str) -> None:
    client.delete(RESULTS_STREAM)
    send(url, job(name, {}))
    assert results(url, 1)[0].job_id == name
    assert process.running, process.words()


#: key → how often the worker meets it by itself, before it is sent a job
MET = {JOBS_QUEUE: 3, "unacked_index": 1, "unacked": 0, f"_kombu.binding.{JOBS_QUEUE}": 0}


@pytest.mark.parametrize("key", MET)
def test_a_worker_outlives_a_key_of_another_type(key: str, url: str, process: Started, client: redis.Redis) -> None:
    client.delete(key)
    client.set(key, "something else")
    eventually(f"{MET[key]} answers that the type is wrong", lambda: refused(client, "WRONGTYPE") >= MET[key])
    assert process.running, process.words()
    if key not in (JOBS_QUEUE, f"_kombu.binding.{JOBS_QUEUE}"):
        computes(url, process, client, f"job-while-{key}")
    client.delete(key)
    computes(url, process, client, f"job-after-{key}")


def test_a_worker_outlives_a_role_that_is_taken_back_and_given_again(
    url: str, process: Started, client: redis.Redis
) -> None:
    client.acl_setuser("default", enabled=True, categories=["-@write", "-@read"])
    eventually("twenty refusals", lambda: refused(client, "NOPERM") >= 20)
    client.acl_setuser("default", enabled=True, categories=["+@all"])
    computes(url, process, client, "job-after-rights")
