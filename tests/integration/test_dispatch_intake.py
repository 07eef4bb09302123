"""The coordinator's two ways to Redis, on a real one: orders out, results in, whatever Redis does meanwhile."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import redis

from fleet.broker.results import BrokerState, Intake, Results
from fleet.domain.effects import Dispatch
from tasks.broker.redis_client import redis_client
from tasks.messages import (
    JOBS_QUEUE,
    MAX_DATA_BYTES,
    MAX_RESULT_BYTES,
    RESULTS_GROUP,
    RESULTS_STREAM,
    Outcome,
    data_text,
    encode_computed,
)
from tests.support import redis_server
from tests.support.link import Link
from tests.support.processes import PATIENCE_S, eventually
from tests.support.workers import dispatcher, entries, job

Heard = SimpleQueue[Results | BrokerState]


@contextmanager
def intake(redis_url: str) -> Iterator[Heard]:
    """The coordinator's intake, and what it hands on."""
    received: Heard = SimpleQueue()
    client = redis_client(redis_url)
    one = Intake(client, received.put)
    try:
        yield received
    finally:
        one.close()
        # it reads for a second more: the next test's results are not its own
        for thread in threading.enumerate():
            if thread.name == "intake":
                thread.join(PATIENCE_S)
        client.close()


def put(redis_url: str, job_id: str, **changed: str) -> None:
    """What a worker writes for a computed job, or a rogue one instead."""
    body = json.dumps(encode_computed(result={"output_hash": "ab"}, kernel_version="7", compute_ms=1.0))
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(RESULTS_STREAM, {"task": job_id, "state": "SUCCESS", "worker": "w", "body": body} | changed)


def read(received: Heard, count: int) -> tuple[list[str], list[str], list[bytes]]:
    """Job ids, flaws and entry ids of the next `count` entries; news of Redis is passed over."""
    jobs: list[str] = []
    flaws: list[str] = []
    ids: list[bytes] = []
    while len(ids) < count:
        event = received.get(timeout=PATIENCE_S)
        if isinstance(event, Results):
            jobs += [message.job_id for message in event.messages]
            flaws += event.flaws
            ids += event.entries
    return jobs, flaws, ids


def news(received: Heard) -> BrokerState:
    """What is heard of Redis next; results are passed over."""
    while isinstance(event := received.get(timeout=PATIENCE_S), Results):
        pass
    return event


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


def test_an_acknowledged_result_is_gone_and_no_other(empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received, dispatcher(empty_redis_url) as (one, _):
        for number in range(3):
            put(empty_redis_url, f"job-{number}")
        _, _, ids = read(received, 3)
        one.acknowledge(ids[:2])
        eventually("the acknowledgement", lambda: [entry for entry, _ in entries(empty_redis_url)] == ids[2:])


def test_what_was_read_and_not_acknowledged_is_read_first_by_the_next_coordinator(empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received:
        put(empty_redis_url, "job-1")
        put(empty_redis_url, "job-2")
        assert read(received, 2)[0] == ["job-1", "job-2"]
    put(empty_redis_url, "job-3")
    with intake(empty_redis_url) as received:
        assert read(received, 3)[0] == ["job-1", "job-2", "job-3"]


def test_more_unread_results_than_one_read_takes_are_all_read_after_a_restart(empty_redis_url: str) -> None:
    names = [f"job-{number}" for number in range(450)]
    with intake(empty_redis_url) as received:
        for name in names:
            put(empty_redis_url, name)
        read(received, 450)
    with intake(empty_redis_url) as received:
        put(empty_redis_url, "job-new")
        assert read(received, 451)[0] == [*names, "job-new"]


def test_results_from_before_the_first_coordinator_are_read(empty_redis_url: str) -> None:
    put(empty_redis_url, "job-early")
    with intake(empty_redis_url) as received:
        assert read(received, 1)[0] == ["job-early"]


def test_rogue_entries_are_handed_on_as_flaws_beside_the_results(empty_redis_url: str) -> None:
    put(empty_redis_url, "job-1", body="{")
    put(empty_redis_url, "not an id")
    put(empty_redis_url, "job-1", body="x" * (MAX_RESULT_BYTES + 1))
    put(empty_redis_url, "job-1", body='{"v": 3, "result": {}, "kernel": "8", "ms": 1}', worker="worker@old")
    put(empty_redis_url, "job-2")
    with redis.Redis.from_url(empty_redis_url) as client:
        client.xadd(RESULTS_STREAM, {b"\xff": b"\xff"})
    with intake(empty_redis_url) as received:
        jobs, flaws, ids = read(received, 6)
    assert jobs == ["job-2"]
    assert len(flaws) == 5
    assert any("worker@old speaks wire version 3" in flaw for flaw in flaws)
    assert len(ids) == 6


def test_a_flood_of_large_rogue_entries_is_read_away_and_results_after_it_arrive(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client:
        for _ in range(20):
            client.xadd(RESULTS_STREAM, {"body": b"x" * 1_900_000})
    put(empty_redis_url, "job-last")
    with intake(empty_redis_url) as received:
        jobs, flaws, _ = read(received, 21)
    assert (jobs, len(flaws)) == (["job-last"], 20)


def test_a_failure_keeps_its_kind_on_the_way(empty_redis_url: str) -> None:
    problem = json.dumps({"exc_type": "WorkerLostError", "exc_message": "signal 9 (SIGKILL)"})
    put(empty_redis_url, "job-1", state="FAILURE", body=problem)
    with intake(empty_redis_url) as received:
        event = received.get(timeout=PATIENCE_S)
    assert isinstance(event, Results)
    assert event.messages[0].outcome is Outcome.WORKER_LOST


def test_an_emptied_redis_is_told_and_the_stream_is_read_on(empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received, redis.Redis.from_url(empty_redis_url) as client:
        put(empty_redis_url, "job-1")
        read(received, 1)
        client.flushall()
        assert news(received) == BrokerState(reachable=True, emptied=True)
        put(empty_redis_url, "job-2")
        assert read(received, 1)[0] == ["job-2"]


def test_a_lost_consumer_group_loses_no_result(empty_redis_url: str) -> None:
    with intake(empty_redis_url) as received, redis.Redis.from_url(empty_redis_url) as client:
        put(empty_redis_url, "job-1")
        read(received, 1)
        client.xgroup_destroy(RESULTS_STREAM, RESULTS_GROUP)
        assert news(received).emptied
        put(empty_redis_url, "job-2")
        assert "job-2" in read(received, 2)[0]


def test_a_redis_that_denies_the_group_is_asked_with_pauses(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client:
        client.acl_setuser("narrow", enabled=True, passwords=["+secret"], keys=["*"], commands=["+@all", "-xgroup"])
        try:
            with intake(re.sub(r"//:[^@]*@", "//narrow:secret@", empty_redis_url)) as received:
                assert not news(received).reachable
                asked = reads(client)
                time.sleep(1)
                assert reads(client) - asked <= 5
                client.acl_setuser("narrow", commands=["+xgroup"])
                assert news(received) == BrokerState(reachable=True, emptied=True)
                put(empty_redis_url, "job-1")
                assert read(received, 1)[0] == ["job-1"]
        finally:
            client.acl_deluser("narrow")


def reads(client: redis.Redis) -> int:
    """How often the stream was asked for, refusals included."""
    counts: Any = client.info("commandstats")["cmdstat_xreadgroup"]
    return int(counts["calls"]) + int(counts["rejected_calls"])


@pytest.fixture
def mortal(tmp_path: Path) -> redis_server.Mortal:
    """A Redis that can be killed and started again on its port, with nothing kept."""
    return redis_server.Mortal(redis_server.binary(), tmp_path)


def test_a_redis_that_is_killed_and_comes_back_is_told_and_used_again(mortal: redis_server.Mortal) -> None:
    with mortal as url, intake(url) as received, dispatcher(url) as (one, stated):
        put(url, "job-1")
        read(received, 1)
        mortal.kill()
        lost = news(received)
        assert not lost.reachable
        assert lost.reason
        one.dispatch(job("job-2", {}))
        one.acknowledge([b"1-1"])
        assert not stated.get(timeout=PATIENCE_S).published
        mortal.start()
        # its data is gone, the group with it
        while not (found := news(received)).emptied:
            assert found.reachable
        one.dispatch(job("job-2", {}))
        assert stated.get(timeout=PATIENCE_S).published
        put(url, "job-2")
        assert read(received, 1)[0] == ["job-2"]


def test_results_whose_reading_was_cut_off_are_read_again_before_new_ones(empty_redis_url: str) -> None:
    with Link(empty_redis_url) as link, intake(link.url) as received:
        put(empty_redis_url, "job-1")
        assert read(received, 1)[0] == ["job-1"]
        link.cut_at(b"job-2")
        put(empty_redis_url, "job-2")
        assert not news(received).reachable
        put(empty_redis_url, "job-3")
        # the first one was not acknowledged either
        assert read(received, 3)[0] == ["job-1", "job-2", "job-3"]


def test_a_backlog_that_was_handed_on_is_read_again_once_when_redis_was_lost(empty_redis_url: str) -> None:
    names = [f"job-{number}" for number in range(450)]
    with Link(empty_redis_url) as link, intake(link.url) as received, redis.Redis.from_url(empty_redis_url) as client:
        for name in names:
            put(empty_redis_url, name)
        read(received, 450)
        # between two commands a lost connection would be opened again without a word, and rightly: no answer is missing
        link.cut_at(b"job-450")
        names.append("job-450")
        put(empty_redis_url, "job-450")
        assert read(received, 451)[0] == names
        put(empty_redis_url, "job-new")
        assert read(received, 1)[0] == ["job-new"]
        asked = reads(client)
        time.sleep(1)
        assert reads(client) - asked <= 2
        assert received.empty()


def test_results_whose_acknowledgement_was_cut_off_leave_with_the_next_ones(empty_redis_url: str) -> None:
    with (
        intake(empty_redis_url) as received,
        Link(empty_redis_url) as link,
        dispatcher(link.url) as (one, _),
    ):
        link.cut_at(b"XACK")
        put(empty_redis_url, "job-1")
        one.acknowledge(read(received, 1)[2])
        eventually("the cut", lambda: link.met)
        put(empty_redis_url, "job-2")
        one.acknowledge(read(received, 1)[2])
        eventually("an empty stream", lambda: not entries(empty_redis_url))


def test_a_redis_with_another_password_is_told_not_survived_in_silence(empty_redis_url: str) -> None:
    wrong = empty_redis_url.replace("redis://:", "redis://:not-")
    with intake(wrong) as received, dispatcher(wrong) as (one, stated):
        state = news(received)
        assert not state.reachable
        assert "password" in state.reason.lower() or "auth" in state.reason.lower()
        one.dispatch(job("job-1", {}))
        assert not stated.get(timeout=PATIENCE_S).published


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
