"""How soon a farm notices what hangs or dies, from a signal until a condition, the page or the supervisor shows it.

python -m bench detection
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from bench.farms import QUIET, surroundings
from bench.processes import Measured, start
from bench.rows import Row
from fleet.local.redis_server import free_port
from fleet.status.snapshot_file import SNAPSHOT_FILE

RUNS, MINERS = 3, 4
#: most seconds until a worker that computes nothing is known, and until a coordinator that is stopped is killed
WORKER_S, COORDINATOR_S = 60.0, 30.0
#: jobs of a host after which its share is known, with some to spare
_KNOWN_JOBS = 40
_PATIENCE_S, _LOOK_S = 120.0, 0.2
#: a row of a host that fails, as the page of hosts has it
_RED = re.compile(r'<tr data-key="attic" class="fail">')


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hosts:
    """A farm with two worker hosts."""

    snapshot: Path
    port: int
    attic: Measured

    def figures(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads(self.snapshot.read_text(encoding="utf-8"))
            return found
        return {"hosts": [], "wrong": [], "earnings": {}}

    def known(self) -> bool:
        """Whether both hosts have computed enough, and nothing is wrong."""
        figures = self.figures()
        counts = [row["computed"] >= _KNOWN_JOBS for row in figures["hosts"]]
        return counts == [True, True] and not figures["wrong"]

    def deaf(self) -> bool:
        """Whether the farm says that the attic computes nothing."""
        return any((one["kind"], one["subject"]) == ("deaf_worker", "host attic") for one in self.figures()["wrong"])

    def red(self) -> bool:
        """Whether the page shows the attic as failed."""
        return _RED.search(_page(self.port, "/hosts")) is not None


def detection() -> list[Row]:
    """Stop and kill workers of a farm with two hosts, and stop the coordinator of one under `fleet up`."""
    stopped, pools, killed = [], [], []
    for _ in range(RUNS):
        with _two_hosts() as hosts:
            root = psutil.Process(hosts.attic.pid)
            stopped.append(_stopped([root], hosts.deaf, hosts.known))
            pools.append(_stopped(root.children(recursive=True), hosts.deaf, hosts.known))
            hosts.attic.kill()
            killed.append(_seconds("the red row", hosts.red))
    ends, pays = zip(*(_stopped_coordinator() for _ in range(RUNS)), strict=True)
    return [
        _row("a worker is stopped: its host is deaf", stopped, WORKER_S),
        _row("a worker's pool is stopped: its host is deaf", pools, WORKER_S),
        _row("a worker is killed: its host is red on the page", killed, WORKER_S),
        _row("a coordinator is stopped: `fleet up` has killed it and started another", ends, COORDINATOR_S),
        _row("… and the farm is paid again", pays, None),
    ]


def _row(name: str, runs: Sequence[float], target: float | None) -> Row:
    peer = f"runs: {', '.join(f'{run:.1f}' for run in runs)}"
    return Row(part="detection", name=name, runs=runs, unit="s", target=target, peer=peer)


@contextmanager
def _two_hosts() -> Iterator[_Hosts]:
    port = free_port()
    with surroundings("--mix", "light") as farm:
        for name in ("attic", "barn"):
            farm.start_worker(name, {"FLEET_WORKER__CONCURRENCY": "1"})
            farm.wait_for_worker(name)
        farm.start_coordinator({"FLEET_MINERS": str(MINERS), "FLEET_WEB__PORT": str(port)})
        hosts = _Hosts(snapshot=farm.folder / SNAPSHOT_FILE, port=port, attic=farm.children[0])
        _seconds("work of both hosts", hosts.known)
        yield hosts


def _stopped(processes: Sequence[psutil.Process], seen: Callable[[], bool], over: Callable[[], bool]) -> float:
    """Stop the processes until that is seen, and let them go on. Returns how long it took."""
    for one in processes:
        one.suspend()
    try:
        return _seconds("the condition", seen)
    finally:
        for one in processes:
            with suppress(psutil.NoSuchProcess):
                one.resume()
        _seconds("its end", over)


def _stopped_coordinator() -> tuple[float, float]:
    """Seconds until another coordinator runs, and until a job is paid again."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as name:
        folder = Path(name)
        settings = QUIET | {"FLEET_STATE_DIR": name, "FLEET_MINERS": str(MINERS), "FLEET_WEB__PORT": "0"}
        up = start("up", ["fleet", "up"], folder, settings)
        file = folder / "simulator" / SNAPSHOT_FILE
        try:
            _seconds("a payment", lambda: _paid_ms(file) > 0)
            (coordinator,) = _coordinators(up)
            os.kill(coordinator.pid, signal.SIGSTOP)
            began, stopped_ms = time.monotonic(), time.time() * 1000
            _seconds("another coordinator", lambda: bool({*_coordinators(up)} - {coordinator}))
            another_s = time.monotonic() - began
            _seconds("another payment", lambda: _paid_ms(file) > stopped_ms)
            return another_s, time.monotonic() - began
        finally:
            up.stop(30.0)


def _coordinators(up: Measured) -> list[psutil.Process]:
    found = []
    for one in psutil.Process(up.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "coordinator" in one.cmdline():
                found.append(one)
    return found


def _paid_ms(file: Path) -> float:
    """When the farm was last paid, in Unix milliseconds; 0 before the first payment."""
    with suppress(OSError, ValueError, KeyError):
        at = json.loads(file.read_text(encoding="utf-8"))["earnings"]["last_paid_at"]
        return 0.0 if at is None else datetime.fromisoformat(at).timestamp() * 1000
    return 0.0


def _seconds(what: str, true: Callable[[], bool]) -> float:
    """Seconds until it is true. Raises TimeoutError."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > _PATIENCE_S:
            raise TimeoutError(f"{what}: not within {_PATIENCE_S:g} s")
        time.sleep(_LOOK_S)
    return time.monotonic() - began


def _page(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    return ""
