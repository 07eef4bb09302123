"""Jobs in a real Redis go to the queue of their class, wherever they waited before, and real workers to their best.

One file: all tests read what the same Redis holds afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from config.settings import Settings
from fleet.broker.presence import PresenceWatch, WorkerKinds, WorkerLevels
from fleet.broker.routes import Routes, routes_for
from fleet.domain.effects import Dispatch
from tasks.broker.queue_lengths import queue_lengths
from tasks.broker.redis_client import redis_client
from tasks.job_queues import QUEUES
from tasks.jobtypes import JOB_TYPES
from tasks.messages import JOBS_QUEUE
from tasks.worker.app import make_app
from tests.support.processes import PATIENCE_S, eventually
from tests.support.workers import dispatcher, job, results, send, worker

#: a small job of a type of each class, by its level
DATA: Mapping[int, tuple[str, dict[str, Any]]] = {
    1: ("data_hash", {"size": 8, "iterations": 1}),
    2: ("matrix_multiply", {"size": 4}),
    3: ("network_protection", {"blocks": []}),
    4: ("gradient_compute", {"layer_dims": [4, 2]}),
    5: ("model_training", {"layer_size": 4, "batch_size": 2, "epochs": 1}),
    6: ("federated_learning", {"global_weights": None, "local_data_size": 10}),
}
SMALL = {"FLEET_WORKER__CPU_CORES": "2", "FLEET_WORKER__GPU_MEMORY_MB": "0"}
LARGE = {"FLEET_WORKER__CPU_CORES": "8", "FLEET_WORKER__GPU_MEMORY_MB": "16384"}
ALONE = {"FLEET_WORKER__CONCURRENCY": "1", "FLEET_WORKER__PREFETCH": "1"}


def of_level(level: int, name: str = "") -> Dispatch:
    job_type, data = DATA[level]
    return job(name or f"job-{level}", data, job_type=job_type)


def waiting(client: redis.Redis) -> dict[int, list[str]]:
    """The task ids in each queue by its level, the oldest first; without empty queues."""
    found = {level: client.lrange(name, 0, -1) for level, name in QUEUES.items()}
    return {
        level: [json.loads(raw)["headers"]["id"] for raw in reversed(rows)] for level, rows in found.items() if rows
    }


def test_waiting_jobs_are_moved_to_the_queues_of_new_routes_in_their_order(empty_redis_url: str) -> None:
    orders = [of_level(level, f"job-{level}-{number}") for number in (1, 2) for level in DATA]
    every = {level: [f"job-{level}-1", f"job-{level}-2"] for level in DATA}
    with redis.Redis.from_url(empty_redis_url) as client, dispatcher(empty_redis_url) as (one, stated):
        for order in orders:
            one.dispatch(order)
        assert all(stated.get(timeout=PATIENCE_S).published for _ in orders)
        assert waiting(client) == {1: [order.message.job_id for order in orders]}

        def routed(routes: Routes, expected: dict[int, set[str]]) -> None:
            one.route(routes)
            eventually(f"{expected}", lambda: {level: {*ids} for level, ids in waiting(client).items()} == expected)

        routed(routes_for({1, 2, 3, 4, 5, 6}, refuse=False), {level: set(ids) for level, ids in every.items()})
        assert waiting(client) == every, "in the order in which they came"
        # the second queue is for long jobs
        routed(
            routes_for({1, 4}, refuse=False),
            {1: {*every[1]}, 2: {*every[2], *every[5]}, 3: {*every[3], *every[4], *every[6]}},
        )
        routed(routes_for({1, 4}, refuse=True), {1: {*every[1]}, 2: {*every[2]}, 3: {*every[3], *every[4]}})
        one.dispatch(of_level(4, "job-4-3"))
        assert stated.get(timeout=PATIENCE_S).published
        assert waiting(client)[3][-1] == "job-4-3"


def test_what_is_put_back_into_a_queue_that_no_worker_serves_is_moved_from_there(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, dispatcher(empty_redis_url) as (one, stated):
        one.route(routes_for({1, 6}, refuse=False))
        one.dispatch(of_level(5))
        assert stated.get(timeout=PATIENCE_S).published
        client.lmove(QUEUES[2], QUEUES[5])
        eventually("the job in a queue that is in use", lambda: waiting(client) == {2: ["job-5"]})


def test_a_queue_of_another_type_and_messages_without_a_level_do_no_harm(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, dispatcher(empty_redis_url) as (one, stated):
        client.set(QUEUES[4], "no list")
        client.lpush(QUEUES[3], '{"headers": {"id": "old"}}', '{"headers": {"id": "odd", "level": 99}}')
        one.route(routes_for({1, 6}, refuse=False))
        one.dispatch(of_level(5))
        assert stated.get(timeout=PATIENCE_S).published
        client.delete(QUEUES[4])
        eventually("all in queues that are in use", lambda: waiting(client) == {1: ["old", "odd"], 2: ["job-5"]})


def test_jobs_of_different_queues_share_no_message(empty_redis_url: str) -> None:
    with (
        redis.Redis.from_url(empty_redis_url) as client,
        dispatcher(empty_redis_url, bundle_ms=1_000.0) as (one, stated),
    ):
        one.route(routes_for({1, 3, 6}, refuse=False))
        for number in range(20):
            order = of_level(number % 6 + 1, f"job-{number}")
            one.dispatch(Dispatch(message=order.message, expected_ms=1.0, hold_s=0.2))
        assert all(stated.get(timeout=PATIENCE_S).published for _ in range(20))
        lengths = queue_lengths(client)
        assert {name for name, length in lengths.items() if length} == {QUEUES[level] for level in range(1, 6)}
        assert sum(lengths.values()) < 20
        levels = {
            level: {json.loads(raw)["headers"]["level"] for raw in client.lrange(QUEUES[level], 0, -1)}
            for level in QUEUES
        }
        assert levels[4] <= {4, 6}
        assert all(levels[level] == {level} for level in (1, 2, 3, 5))


def test_jobs_of_a_rare_queue_are_not_sent_along_with_those_of_a_busy_one(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client:
        with dispatcher(empty_redis_url, bundle_ms=1_000.0) as (one, stated):
            one.route(routes_for({1, 6}, refuse=False))
            for number in range(2):
                one.dispatch(replace(of_level(2, f"rare-{number}"), expected_ms=1.0, hold_s=600.0))
                one.dispatch(replace(of_level(1, f"busy-{number}"), expected_ms=1.0, hold_s=0.01))
                assert stated.get(timeout=PATIENCE_S).job_id == f"busy-{number}"
            assert waiting(client) == {1: ["busy-0", "busy-1"]}
        assert [len(ids) for ids in waiting(client).values()] == [2, 1], "the end sends both in one message"


def test_that_hosts_help_each_other_is_told_with_the_workers(empty_redis_url: str, tmp_path: Path) -> None:
    told: list[WorkerKinds | WorkerLevels] = []
    opened: list[int] = []
    by_hand(empty_redis_url, *(of_level(5, f"job-{number}") for number in range(3)))
    with worker(empty_redis_url, tmp_path, settings=SMALL):
        watch = PresenceWatch(redis_client(empty_redis_url), lambda _: None, told.append, open_to_all=opened.append)
        try:
            eventually("help", lambda: WorkerLevels({"bench": 2}, helping=True) in told)
            assert opened[-1] == 6
        finally:
            watch.close()
            watch.thread.join(PATIENCE_S)


def test_a_job_may_be_sent_again_while_only_others_wait_in_another_queue(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, dispatcher(empty_redis_url) as (one, stated):
        one.route(routes_for({1, 6}, refuse=False))
        for order in (of_level(1), of_level(6)):
            one.dispatch(order)
            assert stated.get(timeout=PATIENCE_S).published
        client.delete(QUEUES[3])
        for level in (1, 6):
            job_type, data = DATA[level]
            again = job(f"job-{level}", data, job_type=job_type, attempt=2)
            one.dispatch(Dispatch(message=again.message, only_if_idle=True))
            assert stated.get(timeout=PATIENCE_S).waits == (level == 1)
        assert waiting(client) == {1: ["job-1"], 3: ["job-6~2"]}


def by_hand(url: str, *orders: Dispatch) -> None:
    """Each job into the queue of its own class."""
    with dispatcher(url) as (one, stated):
        one.route(routes_for(set(DATA), refuse=False))
        for order in orders:
            one.dispatch(order)
        assert all(stated.get(timeout=PATIENCE_S).published for _ in orders)


def test_a_worker_takes_its_best_jobs_first_and_none_that_its_host_does_not_qualify_for(
    empty_redis_url: str, tmp_path: Path
) -> None:
    orders = [of_level(level, f"job-{level}-{number}") for number in range(4) for level in DATA]
    by_hand(empty_redis_url, *orders)
    with redis.Redis.from_url(empty_redis_url) as client:
        with worker(empty_redis_url, tmp_path, settings=SMALL | ALONE):
            small = [one.job_id for one in results(empty_redis_url, 8)]
            assert {level: len(ids) for level, ids in waiting(client).items()} == {3: 4, 4: 4, 5: 4, 6: 4}
        with worker(empty_redis_url, tmp_path, settings=LARGE | ALONE):
            large = [one.job_id for one in results(empty_redis_url, 24)][8:]
    for taken, levels in ((small, (2, 1)), (large, (6, 5, 4, 3))):
        assert taken == [f"job-{level}-{number}" for level in levels for number in range(4)]


def test_after_a_pause_the_best_queue_is_still_the_first(empty_redis_url: str, tmp_path: Path) -> None:
    orders = [of_level(level, f"job-{level}-{number}") for number in range(3) for level in (1, 3, 6)]
    with worker(empty_redis_url, tmp_path, settings=LARGE | ALONE) as process, redis_client(empty_redis_url) as client:
        client.hset("neonet.hosts", mapping={"": "1", "bench": "pause"})
        process.says("the farm pauses this host")
        by_hand(empty_redis_url, *orders)
        client.hdel("neonet.hosts", "bench")
        process.says("the farm resumes this host")
        taken = [one.job_id.split("-")[1] for one in results(empty_redis_url, 9)]
    assert "".join(taken) == "666333111"


def test_a_worker_states_its_level_and_is_missed_when_it_goes(empty_redis_url: str, tmp_path: Path) -> None:
    told: list[WorkerKinds | WorkerLevels] = []
    watch = PresenceWatch(redis_client(empty_redis_url), lambda _: None, told.append)

    def levels() -> Mapping[str, int]:
        found = [one.by_worker for one in told if isinstance(one, WorkerLevels)]
        return found[-1] if found else {}

    try:
        one, other = tmp_path / "one", tmp_path / "other"
        one.mkdir()
        other.mkdir()
        with worker(empty_redis_url, one, settings=LARGE | {"FLEET_WORKER__NAME": "large"}) as large:
            eventually("a large worker", lambda: levels() == {"large": 6})
            with worker(empty_redis_url, other, settings=SMALL | {"FLEET_WORKER__NAME": "small"}):
                eventually("both", lambda: levels() == {"large": 6, "small": 2})
                large.end()
                eventually("the small one alone", lambda: levels() == {"small": 2})
    finally:
        watch.close()
        watch.thread.join(PATIENCE_S)


def test_a_message_that_a_worker_gives_back_returns_to_its_queue(empty_redis_url: str, tmp_path: Path) -> None:
    job_type, data = DATA[6]
    order = job("job-6", data, job_type=job_type)
    by_hand(empty_redis_url, Dispatch(message=order.message, avoid=("worker@bench",)))
    with redis.Redis.from_url(empty_redis_url) as client, worker(empty_redis_url, tmp_path, settings=LARGE):
        send(empty_redis_url, of_level(1))
        results(empty_redis_url, 1)
        # from then on it lies still
        client.hset("neonet.hosts", mapping={"": "1", "bench": "pause"})

        def redelivered() -> bool:
            rows = client.lrange(QUEUES[6], 0, -1)
            return bool(rows) and json.loads(rows[0])["headers"]["redelivered"] is True

        eventually("the message in its own queue", redelivered)
        assert json.loads(client.lrange(QUEUES[6], 0, -1)[0])["headers"]["level"] == 6
        assert client.llen(JOBS_QUEUE) == 0


@pytest.mark.parametrize("left", [1, 5])
def test_jobs_that_a_worker_leaves_to_others_keep_it_from_no_other_queue(
    empty_redis_url: str, tmp_path: Path, left: int
) -> None:
    best = [of_level(6, f"job-left-{number}") for number in range(left)]
    avoided = [Dispatch(message=one.message, avoid=("worker@bench",)) for one in best]
    by_hand(empty_redis_url, *avoided, *(of_level(1, f"job-{number}") for number in range(4)))
    with worker(empty_redis_url, tmp_path, settings=LARGE | ALONE):
        # nobody else takes the others, so this worker computes them after 15 seconds
        taken = [one.job_id for one in results(empty_redis_url, 4 + left)]
    assert taken[:4] == [f"job-{number}" for number in range(4)]


def test_an_idle_worker_helps_up_to_the_level_that_the_coordinator_states_after_its_own_jobs(
    empty_redis_url: str, tmp_path: Path
) -> None:
    by_hand(empty_redis_url, *(of_level(level, f"job-{level}-{number}") for number in range(3) for level in DATA))
    with redis.Redis.from_url(empty_redis_url) as client:
        client.hset("neonet.hosts", "", "4")
        with worker(empty_redis_url, tmp_path, settings=SMALL | ALONE):
            taken = [one.job_id for one in results(empty_redis_url, 12)]
            assert taken[:6] == [f"job-{level}-{number}" for level in (2, 1) for number in range(3)]
            assert {*taken[6:]} == {f"job-{level}-{number}" for level in (3, 4) for number in range(3)}
            client.hset("neonet.hosts", "", "1")
            app = make_app(Settings(), empty_redis_url)
            eventually("a worker that helps no more", lambda: consumed(app) == {QUEUES[1], QUEUES[2]})
            by_hand(empty_redis_url, of_level(4, "job-later"), of_level(1, "job-last"))
            eventually("the last job", lambda: "job-last" in {one.job_id for one in results(empty_redis_url, 13)})
            assert {level: len(ids) for level, ids in waiting(client).items()} == {4: 1, 5: 3, 6: 3}


def test_while_others_help_a_worker_takes_the_long_jobs_of_its_classes_first(
    empty_redis_url: str, tmp_path: Path
) -> None:
    with worker(empty_redis_url, tmp_path, settings=LARGE | ALONE) as process, redis_client(empty_redis_url) as client:
        client.hset("neonet.hosts", mapping={"": "6", "bench": "pause"})
        process.says("the farm pauses this host")
        by_hand(empty_redis_url, *(of_level(level, f"job-{level}-{number}") for number in range(3) for level in DATA))
        client.hdel("neonet.hosts", "bench")
        process.says("the farm resumes this host")
        taken = [one.job_id.split("-")[1] for one in results(empty_redis_url, 18)]
    assert "".join(taken) == "555222666444333111"


def consumed(app: Celery) -> set[str]:
    """The queues that the only worker takes jobs from."""
    found = (app.control.inspect(timeout=1).active_queues() or {}).values()
    return {queue["name"] for queues in found for queue in queues}


@pytest.mark.parametrize("level", DATA)
def test_the_samples_are_of_their_class(level: int) -> None:
    assert JOB_TYPES[DATA[level][0]].level == level
