"""A real worker under the rules of its role: it does its whole work, and is denied nothing that it asks for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from config.settings import Settings
from fleet.hosts.redis_acl import user_of_host
from tasks.messages import JOBS_QUEUE, RESULTS_STREAM
from tasks.worker.app import make_app
from tests.support.intake import intake, news, read
from tests.support.processes import eventually, stop
from tests.support.role_redis import RoleRedis, role_redis
from tests.support.workers import POISONED, job, send, worker


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[RoleRedis]:
    with role_redis(tmp_path) as made:
        yield made


def test_a_worker_takes_computes_gives_back_and_answers_flower_and_is_denied_nothing(
    farm: RoleRedis, tmp_path: Path
) -> None:
    coordinator, host = farm.url("coordinator"), farm.url(user_of_host("attic"))
    settings = {"FLEET_WORKER__CONCURRENCY": "1", "FLEET_VISIBILITY_TIMEOUT_S": "90"}
    begun = tmp_path / "begun"
    with worker(host, tmp_path, argv=POISONED, settings=settings) as process:
        send(coordinator, *(job(f"job-{number}", {}) for number in range(10)))
        eventually("ten results", lambda: _results(farm) == 10)
        # what an earlier worker took and never gave back
        send(coordinator, job("job-long", {"poison": "linger", "begun": str(begun), "seconds": 2}))
        eventually("the job's begin", begun.exists)
        with make_app(Settings(), farm.url("flower")) as app:
            app.conf.broker_transport_options = app.conf.broker_transport_options | {"ack_emulation": False}
            replies = app.control.inspect(timeout=10, limit=1).ping()
            assert replies == {"worker@bench": {"ok": "pong"}}
        send(coordinator, *(job(f"job-more-{number}", {}) for number in range(5)))
        # a sweep for lost messages comes every five seconds
        time.sleep(6)
        assert stop(process) == 0
        assert farm.denied() == []
    with farm.root() as client:
        assert client.exists("unacked", "unacked_index") == 0


def test_a_message_of_a_worker_that_was_killed_is_given_back_by_another_one(farm: RoleRedis, tmp_path: Path) -> None:
    coordinator, begun = farm.url("coordinator"), tmp_path / "begun"
    settings = {
        "FLEET_WORKER__CONCURRENCY": "1",
        "FLEET_WORKER__TIME_LIMIT_S": "3",
        "FLEET_WORKER__SOFT_TIME_LIMIT_S": "2",
        "FLEET_VISIBILITY_TIMEOUT_S": "10",
    }
    with worker(farm.url("worker"), tmp_path, argv=POISONED, settings=settings) as process:
        send(coordinator, job("job-1", {"poison": "linger", "begun": str(begun), "seconds": 1.5}))
        eventually("the job's begin", begun.exists)
        time.sleep(0.2)
        for one in process.kin():
            os.kill(one.pid, signal.SIGKILL)
    with worker(farm.url("worker"), tmp_path, argv=POISONED, settings=settings) as process:
        eventually("its result", lambda: _results(farm) == 1)
        assert farm.denied() == []


def test_the_coordinator_reads_and_looks_with_the_rights_of_its_role(farm: RoleRedis) -> None:
    url = farm.url("coordinator")
    with intake(url) as received, farm.root() as client:
        for number in range(20):
            client.xadd(RESULTS_STREAM, {"task": f"job-{number}", "state": "FAILURE", "worker": "w", "body": "{}"})
        assert len(read(received, 20)[0]) == 20
        with redis.Redis.from_url(farm.url("worker")) as worker:
            worker.xadd(RESULTS_STREAM, {"a": "b"}, id="18446744073709551615-18446744073709551615")
            state = news(received)
            assert state.emptied
            assert "the results stream in Redis had no ids left" in state.reason
            assert "worker at 127.0.0.1" in state.reason.partition("suspected: ")[2]
        client.set(JOBS_QUEUE, "x")
        while "neonet.jobs" not in state.reason:
            state = news(received)
    assert farm.denied() == []


def _results(farm: RoleRedis) -> int:
    with farm.root() as client:
        return int(client.xlen("neonet.results"))
