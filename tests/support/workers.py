"""A real worker on a real Redis. The farm's own dispatcher sends it jobs, and the results are read from the stream."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

import redis

from config.settings import Settings
from fleet.broker.dispatch import Dispatcher
from fleet.broker.key_ring import KeyRing
from fleet.domain.effects import Dispatch
from fleet.domain.events import Published
from tasks.broker.redis_client import redis_client
from tasks.host.blas import blas_variables
from tasks.messages import RESULTS_STREAM, JobMessage, ResultMessage, parse_stream_fields
from tasks.worker.app import make_app
from tests.support.processes import PATIENCE_S, Started, environ, started

WORKER = (sys.executable, "-m", "tasks")
POISONED = (sys.executable, "-m", "tests.support.poisoned_worker")
#: with these, a worker need not start itself again, which takes a moment
ONE_THREAD = blas_variables()

Fields = dict[bytes, bytes]


@contextmanager
def worker(
    redis_url: str, folder: Path, *, argv: Sequence[str] = WORKER, settings: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """A worker of two processes, ready for jobs."""
    given = {"FLEET_REDIS_URL": redis_url, "FLEET_WORKER__CONCURRENCY": "2", "FLEET_WORKER__NAME": "bench"}
    with started(argv, folder, environ(folder, given | dict(settings or {}))) as process:
        process.says("ready.")
        yield process


@contextmanager
def dispatcher(
    redis_url: str, *, bundle_ms: float = 0.0, keys: KeyRing | None = None
) -> Iterator[tuple[Dispatcher, SimpleQueue[Published]]]:
    """The farm's dispatcher, and a queue of its reports on each job. It signs jobs if it has keys."""
    reports: SimpleQueue[Published] = SimpleQueue()
    client = redis_client(redis_url)
    with make_app(Settings(), redis_url) as app:
        one = Dispatcher(app, client, reports.put, bundle_ms=bundle_ms, keys=keys)
        try:
            yield one, reports
        finally:
            one.close()
            client.close()


def job(job_id: str, data: Mapping[str, Any], *, job_type: str = "fraud_detection", attempt: int = 1) -> Dispatch:
    """An order to publish one job of `rig-a1`."""
    message = JobMessage(job_id=job_id, attempt=attempt, miner_id="rig-a1", job_type=job_type, data=data)
    return Dispatch(message=message)


def send(redis_url: str, *orders: Dispatch, keys: KeyRing | None = None) -> None:
    """Publish the orders, and wait until Redis has taken each of them."""
    with dispatcher(redis_url, keys=keys) as (one, reports):
        for order in orders:
            one.dispatch(order)
        assert all(reports.get(timeout=PATIENCE_S).published for _ in orders)


def entries(redis_url: str) -> list[tuple[bytes, Fields]]:
    """All entries of the results stream."""
    with redis.Redis.from_url(redis_url) as client:
        return cast("list[tuple[bytes, Fields]]", client.xrange(RESULTS_STREAM))


def results(redis_url: str, count: int, timeout_s: float = PATIENCE_S) -> list[ResultMessage]:
    """What the results stream says once it holds results of `count` tasks, in its order.

    Tasks are counted, not entries: Celery stores a hard time limit twice now and then.
    """
    deadline = time.monotonic() + timeout_s
    found = entries(redis_url)
    while len({fields[b"task"] for _, fields in found}) < count:
        assert time.monotonic() < deadline, f"less than {count} results within {timeout_s:g} s: {found}"
        time.sleep(0.05)
        found = entries(redis_url)
    return [parse_stream_fields(fields) for _, fields in found]
