"""A whole farm as a user starts it, on a simulator whose book the test can read."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from fleet.local.redis_server import free_port
from tests.support.processes import FLEET, Started, environ, run_fleet, started

MINERS = "3"
#: fast enough for hundreds of jobs in seconds, slow enough to leave the machine to others
LATENCY_MS = "20"


def state(folder: Path) -> Path:
    """The folder in which a farm in `folder` keeps its ledger."""
    return folder / "state"


def farm_settings(folder: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Settings of a small farm that disturbs no other farm on this machine."""
    return {
        "FLEET_STATE_DIR": str(state(folder)),
        "FLEET_FLOWER__PORT": str(free_port()),
        "FLEET_FLOWER__ENABLED": "false",
        # a test that needs metrics names a port
        "FLEET_WEB__PORT": "0",
        "FLEET_WORKER__CONCURRENCY": "1",
        # every job has its lines, so that a test can count them
        "FLEET_OUTPUT__JOB_LINES_PER_S": "10000",
    } | dict(settings or {})


@contextmanager
def simulator(folder: Path, *options: str) -> Iterator[tuple[Started, str]]:
    """Run `fleet simulator` in `folder`. Yields the process and its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "simulator.url"
    argv = [*FLEET, "simulator", "--port", "0", "--latency", LATENCY_MS, "--url-file", str(ready), *options]
    with started(argv, folder, environ(folder)) as process:
        process.says("http://")
        yield process, ready.read_text(encoding="utf-8").strip()


@contextmanager
def farm(folder: Path, *options: str, settings: Mapping[str, str] | None = None) -> Iterator[Started]:
    """Run `fleet up` in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with started([*FLEET, "up", *options], folder, environ(folder, farm_settings(folder, settings))) as process:
        yield process


def asked(url: str, path: str, body: object = None) -> Any:
    """The answer of a control endpoint, with exact amounts."""
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=raw)  # noqa: S310 - the simulator's URL
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read(), parse_float=Decimal)


def book(url: str) -> dict[str, Decimal]:
    """What the simulator paid each miner, by its own book."""
    per_miner: dict[str, str] = asked(url, "/simulator/book?totals=1")["per_miner"]
    return {miner: Decimal(amount) for miner, amount in per_miner.items()}


def earned(folder: Path, url: str | None) -> dict[str, Decimal]:
    """What the server at `url` (None: the farm's simulator) paid each miner, by `fleet rewards --json --ids`."""
    settings = farm_settings(folder, {} if url is None else {"FLEET_SERVER": url})
    done = run_fleet("rewards", "--json", "--ids", folder=folder, settings=settings)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout, parse_float=Decimal, parse_int=Decimal)["rows"]
    return {row["miner_id"]: row["total_nnet"] for row in rows}


def figures(process: Started) -> dict[str, Any]:
    """The JSON object in the last line of stdout, with exact amounts."""
    found: dict[str, Any] = json.loads(process.out.splitlines()[-1], parse_float=Decimal)
    return found
