"""Whole farms measured from outside: simulator, Redis, workers and coordinator as separate processes.

Every farm starts with an empty Redis, an empty ledger and a simulator with an empty book. The number and times of
accepted jobs come from the simulator's book, never from the farm itself. One file: a farm, and what is read of it.
"""

from __future__ import annotations

import json
import signal
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis

from bench import metered_worker
from bench.metered_worker import KERNEL_CPU, KernelUse
from bench.processes import ONE_THREAD, Measured, Use, start
from fleet.local.processes import wait_for
from fleet.local.redis_server import start_redis

_START_S = 60.0
_DRAIN_S = 150.0
#: a limit above that of any server
UNLIMITED = {"FLEET_BUDGET__REQUESTS": "10000000"}
#: no lines about single jobs, since the terminal is not part of the measurement
QUIET = {"FLEET_OUTPUT__JOB_LINES_PER_S": "0", "FLEET_FLOWER__ENABLED": "false"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """One accepted job in the simulator's book."""

    #: Unix seconds
    at: float
    miner: str
    job_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HostUse:
    """What one worker host has used so far."""

    #: CPU seconds of all its processes
    cpu_s: float
    #: use of its kernels, by job type
    kernels: Mapping[str, KernelUse]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Resources that the parts of a farm have used up to one moment."""

    #: Unix seconds
    at: float
    coordinator: Use
    workers: Use
    simulator: Use
    #: CPU seconds of Redis
    redis_s: float
    #: what each worker host has used, in the order of their start
    hosts: Sequence[HostUse]
    #: number of calls that have reached the server
    calls: int

    @property
    def kernels(self) -> Mapping[str, KernelUse]:
        """Use of all workers' kernels, by job type."""
        return metered_worker.added(host.kernels for host in self.hosts)


@dataclass(kw_only=True, slots=True)
class Surroundings:
    """A running simulator and Redis, ready for one farm."""

    folder: Path
    server: str
    redis_url: str
    simulator: Measured
    #: all children that have to be stopped
    children: list[Measured]

    @property
    def settings(self) -> dict[str, str]:
        """The settings of this farm's coordinator and workers."""
        return {
            "FLEET_SERVER": self.server,
            "FLEET_REDIS_URL": self.redis_url,
            "FLEET_STATE_DIR": str(self.folder),
        }

    @property
    def kernel_cpu(self) -> Path:
        """The folder with a folder for each of this farm's workers, in which it adds up its kernels' CPU time."""
        return self.folder / "kernel-cpu"

    def start_worker(self, name: str = "worker", settings: Mapping[str, str] | None = None) -> Measured:
        """Start a worker host's processes, which add up their kernels' CPU time."""
        sums = self.kernel_cpu / name
        sums.mkdir(parents=True, exist_ok=True)
        environment = {"FLEET_WORKER__HEARTBEAT_FILE": str(self.folder / f"{name}.alive"), "FLEET_WORKER__NAME": name}
        # a worker would set the number of BLAS threads by restarting, without the meter
        environment |= {KERNEL_CPU: str(sums)} | ONE_THREAD
        argv = ["bench.metered_worker"]
        worker = start(name, argv, self.folder, self.settings | QUIET | environment | dict(settings or {}))
        self.children.append(worker)
        return worker

    def wait_for_worker(self, name: str = "worker") -> None:
        """Wait until it takes jobs. Raises TimeoutError."""
        deadline = time.monotonic() + _START_S
        while not (self.folder / f"{name}.alive").exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} takes no jobs {_START_S:g} s after its start")
            time.sleep(0.05)

    def start_link(self, round_trip_ms: float) -> str:
        """Start a slow link to Redis. Returns the URL at its far end."""
        parts = urlsplit(self.redis_url)
        link = start("link", ["bench.slow_link", str(parts.port), str(round_trip_ms / 2)], self.folder)
        self.children.append(link)
        port = wait_for(link, self.folder / "link.log", _START_S)
        return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")).geturl()

    def start_coordinator(self, settings: Mapping[str, str] | None = None, module: str = "fleet") -> Measured:
        """Start the coordinator, by a module that runs the command."""
        argv = [module, "coordinator", "--simulated", "--summary-file", str(self.folder / "summary.json")]
        coordinator = start("coordinator", argv, self.folder, self.settings | QUIET | dict(settings or {}))
        self.children.append(coordinator)
        return coordinator

    def drained(self, coordinator: Measured) -> dict[str, Any]:
        """Drain and stop the coordinator. Returns its figures."""
        coordinator.signal(signal.SIGTERM)
        coordinator.wait(_DRAIN_S)
        figures: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())
        return figures

    def asked(self, path: str) -> Any:
        """The answer of one of the simulator's control endpoints."""
        with urllib.request.urlopen(f"{self.server}/simulator/{path}", timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def accepted(self) -> int:
        """The number of jobs that the simulator has accepted."""
        return int(self.asked("requests")["accepted"])

    def wait_for_accepted(self, count: int, timeout_s: float = 90.0) -> None:
        """Wait until `count` jobs are accepted. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while (accepted := self.accepted()) < count:
            if time.monotonic() > deadline:
                ends = "\n".join(child.tail() for child in self.children)
                raise TimeoutError(f"{accepted} of {count} jobs accepted after {timeout_s:g} s\n{ends}")
            time.sleep(0.1)

    def payments(self) -> list[Payment]:
        """Every accepted job in the book, in the order of acceptance."""
        found: list[Payment] = []
        since: int | None = 0
        while since is not None:
            page = self.asked(f"book?since={since}")
            found += [
                Payment(at=row["at"], miner=row["miner"], job_type=row["job_type"])
                for row in page["payments_made"]
                if row["kind"] == "job"
            ]
            since = page["next"]
        return found

    def sample(self, coordinator: Measured, workers: Sequence[Measured]) -> Sample:
        """The use of every part so far."""
        uses = [worker.use() for worker in workers]
        with redis.Redis.from_url(self.redis_url) as client:
            cpu: Any = client.info("cpu")
        return Sample(
            at=time.time(),
            coordinator=coordinator.use(),
            workers=Use(cpu_s=sum(use.cpu_s for use in uses), rss_bytes=sum(use.rss_bytes for use in uses)),
            simulator=self.simulator.use(),
            redis_s=cpu["used_cpu_user"] + cpu["used_cpu_sys"],
            hosts=[
                HostUse(cpu_s=use.cpu_s, kernels=metered_worker.read(self.kernel_cpu / worker.name))
                for worker, use in zip(workers, uses, strict=True)
            ],
            calls=int(self.asked("requests")["requests_total"]),
        )


@contextmanager
def surroundings(*simulator: str) -> Iterator[Surroundings]:
    """Start simulator and Redis in a temporary folder, and stop all processes there at the end."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as name:
        folder = Path(name)
        local = start_redis(folder)
        argv = ["fleet", "simulator", "--port", "0", "--url-file", str(folder / "url"), *simulator]
        process = start("simulator", argv, folder)
        children: list[Measured] = []
        try:
            server = wait_for(process, folder / "url", _START_S)
            yield Surroundings(folder=folder, server=server, redis_url=local.url, simulator=process, children=children)
        finally:
            for started in children:
                started.signal(signal.SIGTERM)
            for child in [*reversed(children), process, local.child]:
                child.stop(5.0)
