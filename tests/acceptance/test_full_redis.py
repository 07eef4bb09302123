"""A Redis that is full, or takes no writes: the farm says so, waits, and goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import redis

from tests.support.farms import farm
from tests.support.processes import nothing_left


@pytest.mark.parametrize(
    ("setting", "broken", "sound", "said"),
    [
        ("maxmemory", "1", "256mb", "OutOfMemoryError"),
        ("min-replicas-to-write", "1", "0", "Not enough good replicas"),
    ],
)
def test_jobs_that_redis_refuses_are_said_and_dispatched_later(
    setting: str, broken: str, sound: str, said: str, empty_redis_url: str, tmp_path: Path
) -> None:
    settings = {"FLEET_REDIS_URL": empty_redis_url, "FLEET_DISPATCH__REDISPATCH_S": "1"}
    with farm(tmp_path, "--miners", "2", settings=settings) as process, redis.Redis.from_url(empty_redis_url) as client:
        process.says("[REWARD]")
        client.config_set(setting, broken)
        try:
            process.says("[WARN]   Redis takes no jobs: ")
            line = next(line for line in process.out.splitlines() if "Redis takes no jobs" in line)
            assert said in line, line
            assert "wait in the ledger" in line
        finally:
            client.config_set(setting, sound)
        process.says("[OK]     Redis takes jobs again")
        assert "no worker takes jobs" not in process.out, "it is Redis that the workers wait for"
        paid = process.out.count("[REWARD]")
        process.says("[REWARD]", times=paid + 3)
        process.send(signal.SIGTERM)
        assert process.wait() == 0, process.words()
        nothing_left(process)
