"""Answers of Redis that would fill a process's memory: they are not read, and what caused them is removed."""

from __future__ import annotations

import pytest
import redis

from fleet.broker.results import Results
from tasks.broker.bounded_answers import AnswerTooLargeError
from tasks.broker.redis_client import MOST_ANSWER_BYTES, redis_client
from tasks.messages import JOBS_QUEUE, MAX_RESULT_BYTES, RESULTS_STREAM
from tests.integration.test_tampering import emptied
from tests.support.intake import Heard, intake, put, read
from tests.support.processes import PATIENCE_S, eventually

_MIB = 1024 * 1024


def test_an_answer_over_the_bound_is_refused_and_the_client_goes_on(empty_redis_url: str) -> None:
    with redis_client(empty_redis_url) as client:
        client.set("most", "x" * (MOST_ANSWER_BYTES - 1_000))
        client.set("more", "x" * (MOST_ANSWER_BYTES + 1))
        for _ in range(3):
            with pytest.raises(AnswerTooLargeError, match=f"over {MOST_ANSWER_BYTES} bytes"):
                client.get("more")
            assert len(client.get("most") or b"") == MOST_ANSWER_BYTES - 1_000


def test_a_large_entry_that_arrives_while_the_coordinator_waits_is_removed_unread(empty_redis_url: str) -> None:
    """It was read whole: an entry can be as large as Redis's own memory."""
    with redis.Redis.from_url(empty_redis_url) as client, intake(empty_redis_url) as received:
        put(empty_redis_url, "job-1")
        read(received, 1)
        eventually("a coordinator that waits", lambda: _waits(client))
        client.xadd(RESULTS_STREAM, {str(number): "x" * _MIB for number in range(6)})
        put(empty_redis_url, "job-2")
        flaws, reasons, jobs = _until(received, "job-2")
    assert [flaw for flaw in flaws if f"at most {MAX_RESULT_BYTES} are read" in flaw]
    assert len(reasons) == 1
    assert "on the results stream in Redis was removed unread; suspected: a client at 127.0.0.1" in reasons[0]
    assert "job-2" in jobs


def test_connections_named_by_megabytes_hide_their_owner_but_not_the_damage(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, intake(empty_redis_url) as received:
        put(empty_redis_url, "job-1")
        read(received, 1)
        named = [redis.Redis.from_url(empty_redis_url, client_name="x" * _MIB) for _ in range(5)]
        try:
            for one in named:
                one.ping()
            client.set(JOBS_QUEUE, "x")
            reason = emptied(received).reason
        finally:
            for one in named:
                one.close()
        assert f"the key {JOBS_QUEUE} in Redis was a string" in reason
        assert "suspected: whoever has a password of a worker" in reason


def _until(received: Heard, job_id: str) -> tuple[list[str], list[str], list[str]]:
    """Flaws, news of Redis and ids of jobs until the job is read."""
    flaws: list[str] = []
    reasons: list[str] = []
    jobs: list[str] = []
    while job_id not in jobs:
        event = received.get(timeout=PATIENCE_S)
        if isinstance(event, Results):
            flaws += event.flaws
            jobs += [message.job_id for message in event.messages]
        else:
            reasons.append(event.reason)
    return flaws, reasons, jobs


def _waits(client: redis.Redis) -> bool:
    return any(one["cmd"] == "xreadgroup" and "b" in one["flags"] for one in client.client_list())
