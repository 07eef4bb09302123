"""Whole farms, measured from outside: simulator, Redis, workers and coordinator as processes of their own.

    python -m bench overhead flow

Every run is a fresh farm with a fresh ledger. The peer of the flow is the original client's way
(`bench.original_client`) against the same simulator in the same run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.children import Child, wait_for
from fleet.redis_server import free_port, start_redis

Row = dict[str, Any]

RUNS = 3
SECONDS = 15
PEER_PROCESSES = 4
PEER_SECONDS = 10
#: what issue and plan ask for on two cores that simulator, Redis, coordinator and workers share
TARGETS = {"overhead p50": 4.0, "overhead p99": 12.0, "flow, all job types": 250.0, "flow, light jobs": 400.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """A simulator without a rate limit and a Redis, ready for one farm."""

    folder: Path
    server: str
    redis_url: str
    children: list[Child]


@contextmanager
def bench_farm(mix: str) -> Iterator[Bench]:
    """Start the surroundings of a farm in a folder of their own, and stop them."""
    children: list[Child] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            local = start_redis(folder)
            children.append(local.child)
            argv = [sys.executable, "-m", "fleet", "simulator", "--port", str(free_port()), "--rate-limit", "0"]
            argv += ["--mix", mix, "--url-file", str(folder / "url")]
            simulator = Child("simulator", argv, log=folder / "simulator.log", environ=os.environ)
            simulator.start()
            children.append(simulator)
            server = wait_for(simulator, folder / "url", 20.0)
            yield Bench(folder=folder, server=server, redis_url=local.url, children=children)
        finally:
            for child in reversed(children):
                child.stop(5.0)


def mine(miners: int, mix: str, seconds: int = SECONDS) -> dict[str, Any]:
    """The figures of one farm's run, as `fleet coordinator --json` prints them."""
    with bench_farm(mix) as bench:
        environ = os.environ | {
            "FLEET_SERVER": bench.server,
            "FLEET_REDIS_URL": bench.redis_url,
            "FLEET_STATE_DIR": str(bench.folder),
            "FLEET_MINERS": str(miners),
            "FLEET_BUDGET__REQUESTS": "10000000",
        }
        worker = Child("worker", [sys.executable, "-m", "tasks"], log=bench.folder / "worker.log", environ=environ)
        worker.start()
        bench.children.append(worker)
        time.sleep(2.0)
        argv = [sys.executable, "-m", "fleet", "coordinator", "--for", f"{seconds}s", "--json"]
        done = subprocess.run(argv, env=environ, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def overhead() -> list[Row]:
    """One miner on an idle farm: a fetch's answer to its submission, less the kernel."""
    runs = [mine(1, "all", 10)["latency_ms"] for _ in range(RUNS)]
    return [_row("overhead", f"overhead p{p}", [run[f"overhead_p{p}"] for run in runs], "ms") for p in (50, 99)]


def flow() -> list[Row]:
    """Accepted jobs a second of 200 miners, beside the original client's processes."""
    rows = []
    peer = original_client()
    for name, mix in (("flow, all job types", "all"), ("flow, light jobs", "light")):
        runs = [mine(200, mix) for _ in range(RUNS)]
        rates = [run["jobs"]["accepted"] / run["duration_s"] for run in runs]
        rows.append(_row("flow", name, rates, "jobs/s", peer=f"{peer:.2f} jobs/s a process (original client)"))
    return rows


def original_client() -> float:
    """Jobs a second of one of the original client's processes."""
    with bench_farm("all") as bench:
        argv = [sys.executable, "-m", "bench.original_client", bench.server]
        peers = [
            subprocess.Popen([*argv, f"peer-{number}", str(PEER_SECONDS)], stdout=subprocess.PIPE)
            for number in range(PEER_PROCESSES)
        ]
        return sum(int(peer.communicate()[0]) for peer in peers) / PEER_PROCESSES / PEER_SECONDS


def _row(part: str, name: str, values: list[float], unit: str, peer: str | None = None) -> Row:
    middle = statistics.median(values)
    target = TARGETS[name]
    return {
        "part": part,
        "name": name,
        "value": middle,
        "unit": unit,
        "target": target,
        "reached": middle <= target if unit == "ms" else middle >= target,
        "peer": peer,
        "spread": round((max(values) - min(values)) / middle, 3),
    }
