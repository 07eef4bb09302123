"""What someone with a worker's password does to queue and stream: the coordinator goes on, and says what it saw."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest
import redis

from fleet.broker.results import BrokerState, Intake, Results
from tasks.broker.queue_lengths import queue_lengths
from tasks.broker.redis_client import redis_client
from tasks.messages import JOBS_QUEUE, RESULTS_GROUP, RESULTS_STREAM, WORKERS_KEY
from tests.support.intake import Heard, intake, news, put, read
from tests.support.processes import PATIENCE_S, eventually
from tests.support.workers import dispatcher, job

Attack = Callable[[redis.Redis], Any]


def last_possible_id(client: redis.Redis) -> None:
    client.xadd(RESULTS_STREAM, {"a": "b"}, id="18446744073709551615-18446744073709551615")


def nearly_the_last_id(client: redis.Redis) -> None:
    client.xadd(RESULTS_STREAM, {"a": "b"}, id="18446744073709551615-1")


def stream_as_a_list(client: redis.Redis) -> None:
    with client.pipeline(transaction=True) as pipeline:
        pipeline.delete(RESULTS_STREAM)
        pipeline.lpush(RESULTS_STREAM, "x")
        pipeline.execute()


def stream_without_a_group(client: redis.Redis) -> None:
    client.xgroup_destroy(RESULTS_STREAM, RESULTS_GROUP)


def no_stream(client: redis.Redis) -> None:
    client.delete(RESULTS_STREAM)


STREAM_ATTACKS = (last_possible_id, nearly_the_last_id, stream_as_a_list, stream_without_a_group, no_stream)


@pytest.mark.parametrize("attack", STREAM_ATTACKS, ids=lambda attack: attack.__name__)
def test_a_broken_stream_is_made_again_and_results_arrive(attack: Attack, empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received, redis.Redis.from_url(empty_redis_url) as client:
        put(empty_redis_url, "job-1")
        read(received, 1)
        attack(client)
        state = emptied(received)
        assert state.reachable
        put(empty_redis_url, "job-2")
        assert "job-2" in until_read(received, "job-2")


@pytest.mark.parametrize("key", [JOBS_QUEUE, "unacked", "unacked_index"])
def test_a_key_of_another_type_is_removed_and_jobs_go_out_again(key: str, empty_redis_url: str) -> None:
    with (
        intake(empty_redis_url) as received,
        redis.Redis.from_url(empty_redis_url) as client,
        dispatcher(empty_redis_url) as (one, stated),
    ):
        put(empty_redis_url, "job-1")
        read(received, 1)
        client.set(key, "no longer a queue")
        state = emptied(received)
        assert f"the key {key} in Redis was a string" in state.reason
        assert "suspected: a client at 127.0.0.1" in state.reason
        one.dispatch(job("job-2", {}))
        assert stated.get(timeout=PATIENCE_S).published
        assert client.llen(JOBS_QUEUE) == 1


def test_rubbish_that_no_worker_would_ever_get_through_is_removed(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, redis_client(empty_redis_url) as reader:
        client.lpush(JOBS_QUEUE, *["rubbish"] * 2_000)
        received: Heard = SimpleQueue()
        one = Intake(reader, received.put, most_jobs=256, queue_lengths=lambda: queue_lengths(reader))
        try:
            assert (
                "the queue neonet.jobs.2 in Redis held 2000 messages, more than this farm sends"
                in emptied(received).reason
            )
            assert client.llen(JOBS_QUEUE) == 0
        finally:
            one.close()
            one.thread.join(PATIENCE_S)


@pytest.mark.parametrize("key", [WORKERS_KEY, "unacked_mutex"])
@pytest.mark.parametrize("lasting_ms", [None, 10**15])
def test_a_sign_of_workers_that_would_stay_without_them_is_removed(
    key: str, lasting_ms: int | None, empty_redis_url: str
) -> None:
    with intake(empty_redis_url) as received, redis.Redis.from_url(empty_redis_url) as client:
        put(empty_redis_url, "job-1")
        read(received, 1)
        client.set(key, "nobody", px=lasting_ms)
        assert f"the key {key} in Redis had no expiry" in emptied(received).reason
        assert not client.exists(key)


def test_results_that_somebody_deletes_unread_are_noticed(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, intake(empty_redis_url) as received:
        put(empty_redis_url, "job-1")
        read(received, 1)
        # two looks of the coordinator
        time.sleep(4.5)
        with client.pipeline(transaction=True) as pipeline:
            for number in range(3):
                pipeline.xadd(RESULTS_STREAM, {"task": f"job-{number}"})
            pipeline.xadd(RESULTS_STREAM, {"a": "b"}, maxlen=0, approximate=False)
            pipeline.execute()
        state = emptied(received)
        # the one that was read and not acknowledged is gone, too
        assert "results were deleted in Redis before they were read" in state.reason


def test_a_farm_whose_results_are_all_acknowledged_hears_of_no_deletion(empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received, dispatcher(empty_redis_url) as (one, _):
        until = time.monotonic() + 7
        number = 0
        while time.monotonic() < until:
            number += 1
            put(empty_redis_url, f"job-{number}")
            while not received.empty():
                event = received.get()
                assert isinstance(event, Results), event
                one.acknowledge(event.entries)
            time.sleep(0.005)
        assert number > 100


def emptied(received: Heard) -> BrokerState:
    """The next news that open jobs are dispatched again."""
    state = news(received)
    while not state.emptied:
        state = news(received)
    return state


def until_read(received: Heard, job_id: str) -> list[str]:
    """Ids of the jobs that are read until one of them is `job_id`."""
    jobs: list[str] = []

    def arrived() -> bool:
        while not received.empty():
            event = received.get()
            if isinstance(event, Results):
                jobs.extend(message.job_id for message in event.messages)
        return job_id in jobs

    eventually(job_id, arrived)
    return jobs
