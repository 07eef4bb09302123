"""A worker that stands still ends itself; one that is busy, or without Redis, is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import redis
from celery import Celery

from config.settings import Settings
from tasks.host.vital import EXIT_CODE
from tasks.messages import JOBS_QUEUE, Outcome
from tasks.worker.app import make_app
from tests.support.processes import Started, eventually, nothing_left, stop
from tests.support.redis_server import binary, running
from tests.support.workers import ONE_THREAD, job, results, send, worker


@contextmanager
def hasty(
    redis_url: str, folder: Path, *, period_s: float = 0.25, limits: Mapping[str, str] | None = None
) -> Iterator[tuple[Started, Path]]:
    """A worker that its watchdog ends after 12 periods without progress, and the file that stills its loop."""
    stall = folder / "stall"
    argv = (sys.executable, "-m", "tests.support.hasty_worker", str(period_s), str(stall))
    with worker(redis_url, folder, argv=argv, settings=ONE_THREAD | dict(limits or {})) as process:
        yield process, stall


def test_a_worker_whose_loop_stands_still_ends_itself(empty_redis_url: str, tmp_path: Path) -> None:
    with hasty(empty_redis_url, tmp_path) as (process, stall):
        stall.touch()
        assert process.wait() == EXIT_CODE
        nothing_left(process)
    assert "the consumer's loop has hung for 3 s, though Redis answers" in process.err


def test_a_worker_that_takes_no_job_though_the_queue_waits_ends_itself(empty_redis_url: str, tmp_path: Path) -> None:
    with hasty(empty_redis_url, tmp_path) as (process, _), make_app(Settings(), empty_redis_url) as app:
        # it takes no job before it has read the farm's orders
        eventually("the worker consumes", lambda: consumes(app))
        app.control.cancel_consumer(JOBS_QUEUE, reply=True, timeout=10, limit=1)
        time.sleep(4)
        assert process.running
        send(empty_redis_url, job("job-unheard", {}))
        assert process.wait() == EXIT_CODE
        nothing_left(process)
    assert "no job was begun for 3 s, though 1 wait in the queue" in process.err


def test_a_worker_in_jobs_longer_than_its_patience_is_left_alone_though_others_wait(
    empty_redis_url: str, tmp_path: Path
) -> None:
    long = {"poison": "linger", "begun": str(tmp_path / "begun"), "seconds": 4.5}
    limits = {"FLEET_WORKER__PREFETCH": "1", "FLEET_WORKER__SOFT_TIME_LIMIT_S": "6", "FLEET_WORKER__TIME_LIMIT_S": "8"}
    with hasty(empty_redis_url, tmp_path, limits=limits) as (process, _):
        send(empty_redis_url, *(job(f"job-{number}", long) for number in range(4)))
        assert {message.outcome for message in results(empty_redis_url, 4)} == {Outcome.COMPUTED}
        assert stop(process) == 0


def test_a_worker_is_left_alone_while_redis_is_away(tmp_path: Path) -> None:
    with running(binary(), tmp_path) as url, hasty(url, tmp_path, period_s=0.75) as (process, _):
        with redis.Redis.from_url(url) as client:
            os.kill(client.info("server")["process_id"], signal.SIGKILL)
        time.sleep(14)
        assert process.running
        again = subprocess.Popen([binary(), tmp_path / "redis.conf"], stdout=subprocess.DEVNULL)
        try:
            eventually("Redis is back", lambda: answers(url))
            send(url, job("job-after", {}))
            assert results(url, 1)[0].outcome is Outcome.COMPUTED
            assert stop(process) == 0
        finally:
            again.kill()
            again.wait()


def consumes(app: Celery) -> bool:
    """Whether the only worker takes jobs from the queue."""
    queues = (app.control.inspect(timeout=1).active_queues() or {}).values()
    return any(queue["name"] == JOBS_QUEUE for found in queues for queue in found)


def answers(redis_url: str) -> bool:
    """Whether a Redis is there."""
    try:
        with redis.Redis.from_url(redis_url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
