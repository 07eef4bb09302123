"""Memory and open files of a farm's processes, read while it runs."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import redis

from tasks.messages import JOBS_QUEUE, RESULTS_STREAM
from tests.chaos.farm import Farm

_SAMPLE_S = 10.0


@dataclass(kw_only=True, slots=True)
class Sample:
    """Resources at one moment, in MB or as counts; None where Redis did not answer."""

    at_s: float
    coordinator_mb: float
    worker_mb: float
    simulator_mb: float
    ledger_mb: float
    threads: int
    files: int
    redis_mb: float | None = None
    redis_used_mb: float | None = None
    queue: int | None = None
    stream: int | None = None
    unacked: int | None = None
    accepted: int | None = None


class Sampler:
    """Samples the resources of all processes every ten seconds."""

    def __init__(self, farm: Farm, path: Path) -> None:
        self._farm = farm
        self._path = path
        self._next = 0.0

    def due(self, samples: list[Sample], started: float) -> None:
        """Take a sample if one is due."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _SAMPLE_S
            samples.append(self.sample(started))
            with self._path.open("a", encoding="utf-8") as file:
                stated = {name: getattr(samples[-1], name) for name in Sample.__slots__}
                file.write(json.dumps(stated) + "\n")

    def sample(self, started: float) -> Sample:
        """Take a sample now."""
        farm = self._farm
        workers = [_mb(process.pid) for host in farm.hosts if host.running for process in host.everything()]
        threads = files = 0
        with suppress(psutil.Error):
            life = psutil.Process(farm.life.pid)
            threads, files = life.num_threads(), life.num_fds()
        taken = Sample(
            at_s=round(time.monotonic() - started, 1),
            coordinator_mb=_mb(farm.life.pid),
            worker_mb=sum(workers),
            simulator_mb=_mb(farm.simulator.pid),
            ledger_mb=round(sum(path.stat().st_size for path in farm.ledger.parent.glob("ledger.sqlite*")) / 1e6, 1),
            threads=threads,
            files=files,
        )
        with suppress(redis.RedisError):
            _ask_redis(farm, taken)
        taken.accepted = farm.counters()["accepted"]
        return taken


def _ask_redis(farm: Farm, taken: Sample) -> None:
    with farm.connected() as client:
        info: Any = client.info()
        taken.redis_mb = _mb(info["process_id"])
        taken.redis_used_mb = round(info["used_memory"] / 1e6, 1)
        taken.queue = int(client.llen(JOBS_QUEUE))
        taken.stream = int(client.xlen(RESULTS_STREAM))
        taken.unacked = int(client.hlen("unacked"))


def _mb(pid: int) -> float:
    with suppress(psutil.Error):
        return round(float(psutil.Process(pid).memory_info().rss) / 1e6, 1)
    return 0.0
