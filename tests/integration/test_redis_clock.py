"""A worker whose clock is wrong: what others have taken stays theirs, since ages are by Redis's own clock."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from kombu.connection import Connection

from config.settings import Settings
from tasks.broker.redis_clock import RedisClock
from tasks.messages import JOBS_QUEUE, Outcome
from tasks.worker.app import make_app
from tests.support.processes import ROOT, eventually
from tests.support.workers import POISONED, job, results, send, worker

#: imported by Python at its start, wherever it is found first
AHEAD = """
import time
real, real_ns = time.time, time.time_ns
time.time = lambda: real() + SECONDS
time.time_ns = lambda: real_ns() + SECONDS * 10**9
"""
DAY_S = 86_400


@pytest.mark.parametrize("ahead_s", [DAY_S, -DAY_S])
def test_a_worker_with_a_wrong_clock_takes_nothing_from_another(
    ahead_s: int, empty_redis_url: str, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "sitecustomize.py").write_text(AHEAD.replace("SECONDS", str(ahead_s)))
    limits = {"FLEET_WORKER__CONCURRENCY": "1", "FLEET_WORKER__SOFT_TIME_LIMIT_S": "28"}
    with worker(empty_redis_url, tmp_path, argv=POISONED, settings=limits | {"FLEET_WORKER__NAME": "sound"}):
        send(empty_redis_url, job("job-1", {"poison": "linger", "begun": str(begun), "seconds": 20}))
        eventually("the job's begin", begun.exists)
        begun.unlink()
        (wrong / "home").mkdir()
        clock = {"FLEET_WORKER__NAME": "wrong", "PYTHONPATH": f"{wrong}:{ROOT}"}
        with worker(empty_redis_url, wrong / "home", argv=POISONED, settings=limits | clock) as other:
            message = results(empty_redis_url, 1)[0]
            assert (message.job_id, message.outcome, message.worker) == ("job-1", Outcome.COMPUTED, "worker@sound")
            assert not begun.exists(), f"it was computed twice\n{other.words()}"


def connection(redis_url: str) -> Connection:
    made: Connection = make_app(Settings(), redis_url).connection_for_write()
    made.default_channel.queue_declare(JOBS_QUEUE)  # type: ignore[no-untyped-call]
    return made


def test_what_was_taken_longer_ago_than_the_timeout_is_given_back_once(empty_redis_url: str) -> None:
    with connection(empty_redis_url) as one, redis.Redis.from_url(empty_redis_url) as client:
        channel = one.default_channel
        channel.basic_publish(channel.prepare_message("{}"), "", JOBS_QUEUE)
        taken: Any = channel.basic_get(JOBS_QUEUE)
        channel.qos.write()
        seconds, _ = client.time()
        assert client.zscore("unacked_index", taken.delivery_tag) == pytest.approx(seconds, abs=5)
        channel.qos.restore_visible()
        assert client.llen(JOBS_QUEUE) == 0
        client.zadd("unacked_index", {taken.delivery_tag: seconds - 121})
        # the others are kept from looking for some seconds
        channel.qos.restore_visible()
        assert client.llen(JOBS_QUEUE) == 0
        client.delete("unacked_mutex")
        channel.qos.restore_visible()
        channel.qos.restore_visible()
        assert client.llen(JOBS_QUEUE) == 1
        assert json.loads(client.lindex(JOBS_QUEUE, 0) or b"")["headers"]["redelivered"] is True
        assert 0 < client.ttl("unacked_mutex") <= 4


def test_a_clock_that_was_read_goes_on_by_itself(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        clock = RedisClock()
        before = client.info("commandstats").get("cmdstat_time", {"calls": 0})["calls"]
        first = clock.now(client)
        time.sleep(0.2)
        assert clock.now(client) - first == pytest.approx(0.2, abs=0.15)
        assert client.info("commandstats")["cmdstat_time"]["calls"] == before + 1
        assert first == pytest.approx(time.time(), abs=5)
