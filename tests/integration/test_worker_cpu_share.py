"""A real worker keeps to its share of the CPU, and does so while it is asked to stop, too."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tasks.broker.redis_client import redis_client
from tasks.host.hardware import detect
from tasks.messages import JOBS_QUEUE
from tests.support.processes import run_fleet
from tests.support.workers import ONE_THREAD, job, results, send, worker

#: a kernel of some tens of milliseconds
_DATA = {"layer_size": 256, "batch_size": 64, "epochs": 15}
_MEASURED_S = 5.0


def cpu_s(pid: int) -> float:
    """CPU seconds that a process and its children have used."""
    main = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in (main, *main.children(recursive=True)))


def jobs(redis_url: str, number: int) -> None:
    send(redis_url, *(job(f"j{one}", _DATA, job_type="model_training") for one in range(number)))


@pytest.fixture
def cores() -> Iterator[int]:
    """The number of cores that a worker sees: two at most, so that the jobs last on any machine."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:2])
    yield detect().cpu_cores
    os.sched_setaffinity(0, before)


def test_a_worker_uses_no_more_than_its_share_while_jobs_wait(empty_redis_url: str, tmp_path: Path, cores: int) -> None:
    settings = {"FLEET_LIMITS__CPU_PERCENT": "20", "FLEET_WORKER__CONCURRENCY": str(cores)}
    with worker(empty_redis_url, tmp_path, settings=settings | ONE_THREAD) as process:
        shown = run_fleet("workers", folder=tmp_path, settings={"FLEET_REDIS_URL": empty_redis_url}).stdout
        assert f"20 % of {cores}" in shown
        jobs(empty_redis_url, 2_000)
        results(empty_redis_url, 3)
        before, begun = cpu_s(process.pid), time.monotonic()
        time.sleep(_MEASURED_S)
        used, took = cpu_s(process.pid) - before, time.monotonic() - begun
        with redis_client(empty_redis_url) as client:
            assert client.llen(JOBS_QUEUE), "jobs waited to the end"
        share = used / took / cores
        # a job that began in the last moment was not rested for yet
        assert share < 0.20 * 1.1 + 0.02, f"{100 * share:.1f} % of {cores} cores"


def test_a_worker_that_rests_ends_at_once_when_it_is_asked_to(empty_redis_url: str, tmp_path: Path) -> None:
    settings = {"FLEET_LIMITS__CPU_PERCENT": "10", "FLEET_WORKER__CONCURRENCY": "1"}
    with worker(empty_redis_url, tmp_path, settings=settings | ONE_THREAD) as process:
        jobs(empty_redis_url, 20)
        results(empty_redis_url, 1)
        process.send(signal.SIGTERM)
        assert process.wait() == 0
