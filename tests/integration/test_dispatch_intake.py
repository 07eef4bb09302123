"""Results on their way out of a real Redis: each read until it is acknowledged, rogue ones told as flaws."""

from __future__ import annotations

import json

import redis

from fleet.broker.results import Results
from tasks.messages import (
    MAX_RESULT_BYTES,
    RESULTS_STREAM,
    Outcome,
)
from tests.support.intake import intake, put, read
from tests.support.processes import PATIENCE_S, eventually
from tests.support.workers import dispatcher, entries


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
