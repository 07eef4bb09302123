"""A worker host whose kernels fail leaves its jobs to others, tests itself and ends; the good one computes them."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from tasks.messages import JOBS_QUEUE, Outcome, ResultMessage
from tests.support.processes import eventually, nothing_left, stop
from tests.support.redis_server import empty_database
from tests.support.workers import ONE_THREAD, entries, job, results, send, worker

BROKEN = (sys.executable, "-m", "tests.support.broken_worker")
#: EX_UNAVAILABLE
ENDED = 69


@pytest.fixture
def url(redis_url: str) -> str:
    """An empty database."""
    return empty_database(redis_url, 4)


def _settings(name: str) -> dict[str, str]:
    return {**ONE_THREAD, "FLEET_WORKER__NAME": name, "FLEET_WORKER__CONCURRENCY": "1"}


def _left(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.llen(JOBS_QUEUE)) + int(client.hlen("unacked"))


def _by(messages: Sequence[ResultMessage], host: str) -> list[ResultMessage]:
    return [message for message in messages if message.worker == f"worker@{host}"]


def test_a_job_that_failed_on_a_host_is_left_to_another_one(url: str, tmp_path: Path) -> None:
    orders = [replace(job(f"job-{n}", {}, attempt=2), avoid=("worker@first",)) for n in range(12)]
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with worker(url, tmp_path / "first", settings=_settings("first")):
        send(url, *orders)
        time.sleep(2)
        # nobody else is there
        assert entries(url) == []
        with worker(url, tmp_path / "second", settings=_settings("second")):
            messages = results(url, len(orders))
            assert len(_by(messages, "second")) == len(orders)
            eventually("nothing left", lambda: _left(url) == 0)


@pytest.mark.parametrize("kind", ["raise", "die", "hang"])
def test_a_host_that_fails_again_and_again_tests_itself_and_ends_with_the_reason(
    url: str, tmp_path: Path, kind: str
) -> None:
    limits = {"FLEET_WORKER__SOFT_TIME_LIMIT_S": "1", "FLEET_WORKER__TIME_LIMIT_S": "2"}
    settings = _settings("bad") | limits | {"BROKEN_WORKER": kind}
    with worker(url, tmp_path, argv=BROKEN, settings=settings) as process:
        send(url, *(job(f"job-{n}", {}) for n in range(30)))
        assert process.wait() == ENDED
        nothing_left(process)
    assert "this host can't compute: a known job of type" in process.err
    with redis.Redis.from_url(url) as client:
        # some of thirty were tried, the others are there for another host
        assert int(client.llen(JOBS_QUEUE)) >= 15


def test_a_host_on_which_only_poison_fails_passes_its_test_and_goes_on(url: str, tmp_path: Path) -> None:
    with worker(url, tmp_path, argv=BROKEN, settings=_settings("good") | {"BROKEN_WORKER": "poison"}) as process:
        send(url, *(job(f"job-{n}", {"poison": True}) for n in range(9)))
        process.says("the known jobs succeeded")
        send(url, job("job-sound", {}))
        found = results(url, 10)
        assert {one.job_id for one in found if one.outcome is Outcome.COMPUTED} == {"job-sound"}
        assert stop(process) == 0
