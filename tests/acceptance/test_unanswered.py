"""A job whose messages are taken without any answer ends with a cause, and its miner goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tasks.messages import JOBS_QUEUE, WORKERS_KEY, WORKERS_KEY_TTL_MS
from tests.chaos.farm import Farm, Setup
from tests.support.processes import eventually

_SETTINGS = {"FLEET_DISPATCH__REDISPATCH_S": "1", "FLEET_DISPATCH__MAX_UNANSWERED": "3"}


@contextmanager
def thief(redis_url: str) -> Iterator[None]:
    """Takes every job, as a host would that each job ends at once, and says that it is there."""
    over = threading.Event()

    def steal() -> None:
        with redis.Redis.from_url(redis_url) as client:
            while not over.is_set():
                client.set(WORKERS_KEY, "thief", px=WORKERS_KEY_TTL_MS)
                client.brpop([JOBS_QUEUE], timeout=0.2)

    thread = threading.Thread(target=steal, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.timeout(180)
def test_a_job_that_is_taken_again_and_again_without_an_answer_frees_its_miner(tmp_path: Path) -> None:
    setup = Setup(miners=1, hosts=0, settings=_SETTINGS)
    with Farm(tmp_path / "farm", setup) as farm, thief(farm.redis.url):
        life = farm.born()
        eventually("the second job", lambda: farm.counters()["assigned"].get("task", 0) > 1)
        assert "no answer to 3 attempts" in life.words()
        assert farm.counters()["accepted"] == 0
        life.kill()
