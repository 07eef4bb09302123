"""Orders on their way into a real Redis: each once, whole, in order, and within what it takes."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import redis

from fleet.domain.effects import Dispatch
from tasks.data_size import MAX_DATA_BYTES, data_text
from tasks.messages import JOBS_QUEUE
from tests.support.processes import PATIENCE_S
from tests.support.workers import dispatcher, job


def test_a_published_job_shows_its_id_type_and_miner_to_whoever_reads_the_queue(empty_redis_url: str) -> None:
    with dispatcher(empty_redis_url) as (one, stated):
        one.dispatch(job("job-1", {"size": 8}, job_type="inference", attempt=2))
        assert stated.get(timeout=PATIENCE_S).published
    with redis.Redis.from_url(empty_redis_url) as client:
        (raw,) = client.lrange(JOBS_QUEUE, 0, -1)
    envelope: dict[str, Any] = json.loads(raw)
    assert envelope["headers"]["task"] == "neonet.inference"
    assert envelope["headers"]["id"] == "job-1~2"
    assert envelope["headers"]["argsrepr"] == "miner=rig-a1 attempt=2"
    (message,), *_ = json.loads(base64.b64decode(envelope["body"]))
    assert message["data"] == '{"size":8}'
    assert not {"session_id", "reward", "server"} & message.keys()


def test_a_job_that_may_still_wait_is_not_published_twice(empty_redis_url: str) -> None:
    again = Dispatch(message=job("job-1", {}, attempt=2).message, only_if_idle=True)
    with dispatcher(empty_redis_url) as (one, stated), redis.Redis.from_url(empty_redis_url) as client:
        for order in (job("job-1", {}), again):
            one.dispatch(order)
            assert stated.get(timeout=PATIENCE_S).published
        assert client.llen(JOBS_QUEUE) == 1
        client.delete(JOBS_QUEUE)
        one.dispatch(again)
        assert stated.get(timeout=PATIENCE_S).published
        assert client.llen(JOBS_QUEUE) == 1


def test_closing_publishes_what_still_waits(empty_redis_url: str) -> None:
    with dispatcher(empty_redis_url) as (one, _):
        for number in range(20):
            one.dispatch(job(f"job-{number}", {}))
    with redis.Redis.from_url(empty_redis_url) as client:
        assert client.llen(JOBS_QUEUE) == 20


def test_a_burst_travels_in_few_round_trips_and_arrives_whole_and_in_order(empty_redis_url: str) -> None:
    names = [f"job-{number}" for number in range(200)]
    with redis.Redis.from_url(empty_redis_url) as client:
        with dispatcher(empty_redis_url) as (one, stated):
            before = client.info("stats")["total_reads_processed"]
            for name in names:
                one.dispatch(job(name, {}))
            assert [stated.get(timeout=PATIENCE_S).job_id for _ in names] == names
            assert client.info("stats")["total_reads_processed"] - before < len(names) / 2
        queued = [json.loads(raw)["headers"]["id"] for raw in client.lrange(JOBS_QUEUE, 0, -1)]
        assert queued == names[::-1], "a worker takes the oldest from the list's end"


def test_the_largest_jobs_reach_a_redis_that_takes_no_more_than_2_mb_at_once(empty_redis_url: str) -> None:
    # each of its characters is quoted, twice on the way
    quotes = {"x": '"' * ((MAX_DATA_BYTES - len('{"x":""}')) // 2)}
    part = {"x": '"' * (MAX_DATA_BYTES // 16 - len('{"x":""}'))}
    assert len(data_text(quotes)) == MAX_DATA_BYTES
    orders = [job("job-0", quotes), *(replace(job(f"job-{number}", part), expected_ms=0.1) for number in range(1, 65))]
    with redis.Redis.from_url(empty_redis_url) as client, dispatcher(empty_redis_url, bundle_ms=10.0) as (one, _):
        before = client.config_get("proto-max-bulk-len")["proto-max-bulk-len"]
        client.config_set("proto-max-bulk-len", "2mb")
        try:
            assert all(word.published for word in one._publish(orders))
            messages: list[bytes] = client.lrange(JOBS_QUEUE, 0, -1)
        finally:
            client.config_set("proto-max-bulk-len", before)
    assert len(messages) < len(orders) / 4
    assert max(map(len, messages)) < 1_000_000


def test_a_redis_that_may_not_grow_refuses_jobs_and_does_not_stop_the_dispatcher(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, dispatcher(empty_redis_url) as (one, stated):
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", "1")
        try:
            one.dispatch(job("job-1", {}))
            assert not stated.get(timeout=PATIENCE_S).published
        finally:
            client.config_set("maxmemory", before)
        one.dispatch(job("job-1", {}))
        assert stated.get(timeout=PATIENCE_S).published
