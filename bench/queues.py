"""Peers: the same jobs through the fleet's queue, dramatiq, taskiq, and plain processes on a Redis list.

    python -m bench peers

Each has a separate Redis, two worker processes and the same load (`bench.peers.load`). dramatiq and taskiq are
installed in `.venv/peers` by `make bench`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.farms import QUIET
from bench.processes import ONE_THREAD, Measured, clean_environ, start
from bench.rows import Row
from fleet.local.redis_server import start_redis

RUNS = 2
WORKERS = 2
PYTHON = str(Path(sys.prefix) / "peers" / "bin" / "python")
#: name of the fleet's own queue in the rows
OURS = "the fleet's queue"
PACE, RETURN = "{}: 200 in flight", "{}: there and back, one in flight"


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """One queue between a sender and worker processes; `{url}` stands for the Redis."""

    name: str
    driver: tuple[str, ...]
    #: one command for each worker process
    workers: tuple[tuple[str, ...], ...]
    python: str = PYTHON


QUEUES = (
    Queue(
        name=OURS,
        driver=("bench.peers.by_fleet",),
        workers=(("tasks",),),
        python=sys.executable,
    ),
    Queue(
        name="plain processes on a Redis list",
        driver=("bench.peers.raw", "{url}"),
        workers=(("bench.peers.raw", "{url}", "work"),) * WORKERS,
    ),
    Queue(
        name="dramatiq",
        driver=("bench.peers.by_dramatiq",),
        workers=(("dramatiq", "bench.peers.by_dramatiq", "--processes", str(WORKERS), "--threads", "4"),),
    ),
    Queue(
        name="taskiq",
        driver=("bench.peers.by_taskiq",),
        workers=(("taskiq", "worker", "bench.peers.by_taskiq:broker", "--workers", str(WORKERS)),),
    ),
)


def queues() -> list[Row]:
    """The pace and the round trip of each queue, measured one after the other."""
    if not Path(PYTHON).exists():
        raise FileNotFoundError(f"{PYTHON} is missing: `make bench` installs dramatiq and taskiq there")
    runs = [{queue.name: _measured(queue) for queue in QUEUES} for _ in range(RUNS)]
    rows = []
    for pattern, figure, unit in ((PACE, "jobs_per_s", "jobs/s"), (RETURN, "p50_ms", "ms")):
        rows += [
            Row(
                part="peers",
                name=pattern.format(queue.name),
                unit=unit,
                runs=[run[queue.name][figure] for run in runs],
            )
            for queue in QUEUES
        ]
    return rows


def _measured(queue: Queue) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as name:
        folder = Path(name)
        local = start_redis(folder)
        environment = (
            ONE_THREAD
            | QUIET
            | {
                "REDIS_URL": local.url,
                "FLEET_REDIS_URL": local.url,
                "FLEET_STATE_DIR": name,
                "FLEET_WORKER__CONCURRENCY": str(WORKERS),
                "PYTHONPATH": str(Path.cwd()),
            }
        )
        workers: list[Measured] = []
        try:
            for number, argv in enumerate(queue.workers):
                workers.append(start(f"worker{number}", _filled(argv, local.url), folder, environment, queue.python))
            return _driven(queue, local.url, environment, workers)
        finally:
            for child in [*workers, local.child]:
                child.stop(5.0)


def _driven(queue: Queue, url: str, environment: Mapping[str, str], workers: list[Measured]) -> dict[str, float]:
    argv = [queue.python, "-m", *_filled(queue.driver, url)]
    done = subprocess.run(argv, env=clean_environ() | dict(environment), stdout=subprocess.PIPE, check=False)
    if done.returncode:
        tails = "\n".join(worker.tail() for worker in workers)
        raise RuntimeError(f"{queue.name}: the driver ended with {done.returncode}\n{tails}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _filled(argv: tuple[str, ...], url: str) -> list[str]:
    return [part.format(url=url) for part in argv]
