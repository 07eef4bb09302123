"""The load for every queue and its timing, independent of the queues.

It consists of light jobs of a kilobyte, for two worker processes. A worker computes with the fleet's own kernels and
appends the same entries to the results stream as the fleet's workers. One process sends the jobs and reads the results,
in blocks through a consumer group.
"""

from __future__ import annotations

import json
import queue
import statistics
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

import redis

from fleet.broker.results import BrokerState, Intake, Results
from fleet.simulator.jobs import LIGHT_TYPES, draw_data
from tasks.compute.catalog import KERNEL_VERSION, compute
from tasks.messages import RESULTS_GROUP, RESULTS_STREAM, JobMessage, encode_computed, stream_fields

#: maximum number of jobs in flight
WINDOW = 200
SECONDS = 4.0
#: number of round trips with one job in flight
ALONE = 300
_PATIENCE_S = 30.0

#: a function that sends a job to the queue
Send = Callable[[JobMessage], object]
#: a function that waits up to a second for results and returns their number
Take = Callable[[], int]


def job(number: int) -> JobMessage:
    """The n-th job."""
    rng = Random(number)
    job_type = LIGHT_TYPES[number % len(LIGHT_TYPES)]
    return JobMessage(
        job_id=f"job-{number}", attempt=1, miner_id="rig-1", job_type=job_type, data=draw_data(job_type, rng)
    )


def work(client: redis.Redis, message: dict[str, Any]) -> None:
    """Do a job as a worker of any queue does."""
    order = JobMessage.decode(message)
    started = time.perf_counter()
    result = compute(order.job_type, order.data, job_id=order.job_id)
    elapsed_ms = (time.perf_counter() - started) * 1000
    body = encode_computed(result=result, kernel_version=KERNEL_VERSION, compute_ms=elapsed_ms)
    fields = stream_fields(task=order.job_id, state="SUCCESS", worker="peer", body=body)
    client.xadd(RESULTS_STREAM, fields)  # type: ignore[arg-type]


def reader(redis_url: str) -> Take:
    """The fleet's own intake of results, which are acknowledged as by its dispatcher."""
    inbox: queue.SimpleQueue[Results | BrokerState] = queue.SimpleQueue()
    client = redis.Redis.from_url(redis_url)
    Intake(redis.Redis.from_url(redis_url), inbox.put)

    def take() -> int:
        try:
            came = inbox.get(timeout=1.0)
        except queue.Empty:
            return 0
        if not isinstance(came, Results):
            return 0
        assert not came.flaws, came.flaws
        pipeline = client.pipeline(transaction=False)
        pipeline.xack(RESULTS_STREAM, RESULTS_GROUP, *came.entries)
        pipeline.xdel(RESULTS_STREAM, *came.entries)
        pipeline.execute()
        return len(came.messages)

    return take


def timed(send: Send, take: Take) -> dict[str, float]:
    """Jobs per second with `WINDOW` in flight, and round-trip milliseconds with one."""
    jobs = [job(number) for number in range(1000)]
    _await(send, take, jobs[0])
    alone_ms = []
    for number in range(ALONE):
        started = time.perf_counter()
        _await(send, take, jobs[number])
        alone_ms.append((time.perf_counter() - started) * 1000)
    done, in_flight, sent = 0, 0, 0
    started = time.perf_counter()
    while (spent := time.perf_counter() - started) < SECONDS:
        while in_flight < WINDOW:
            send(jobs[sent % len(jobs)])
            in_flight, sent = in_flight + 1, sent + 1
        came = take()
        in_flight, done = in_flight - came, done + came
    cuts = statistics.quantiles(alone_ms, n=100)
    return {"jobs_per_s": done / spent, "p50_ms": cuts[49], "p99_ms": cuts[98]}


def _await(send: Send, take: Take, message: JobMessage) -> None:
    send(message)
    deadline = time.monotonic() + _PATIENCE_S
    while not take():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no result within {_PATIENCE_S:g} s")


def print_timing(send: Send, take: Take) -> None:
    """Time the queue, and print the figures as JSON."""
    json.dump(timed(send, take), sys.stdout)
