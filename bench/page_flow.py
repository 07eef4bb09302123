"""What page, metrics and open clients cost a farm at full flow, in pairs: pace, and the coordinator's CPU a job.

Simulator, Redis and workers run throughout. Only the coordinator starts again for each half of a pair, with an empty
ledger and miners of its own, so that two halves differ in nothing else. What serving takes of the coordinator's CPU is
measured within a half, where a machine that others use changes it less than it changes the pace.
"""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.farms import UNLIMITED, Surroundings, surroundings
from bench.metered_coordinator import EVENTS, THREADS_CPU, read
from bench.processes import Measured
from bench.rows import Bound, Row
from fleet.local.redis_server import free_port

#: an even number, so that each half comes first equally often
PAIRS, MINERS, CLIENTS = 12, 200, 10
#: seconds of a half that are measured, and before them
_MEASURED_S, _WARM_UP_S = 10.0, 3.0
#: seconds between two looks of an open page, and between two of Prometheus
_LOOK_S, _SCRAPE_S = 3.0, 5.0
#: share of the flow without page, metrics and clients, in percent
TARGET = 98.0
#: threads of the coordinator that serve page and metrics
_SERVING = ("web", "history", "page_0", EVENTS)
HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Half:
    """One farm of a pair, while it was measured."""

    jobs_per_s: float
    #: milliseconds of the coordinator's CPU for each accepted job
    cpu_ms: float
    #: share of that which its threads for page and metrics took, and the counting for metrics, in percent
    serving: float = 0.0


def page_flow() -> list[Row]:
    """Measure the pairs. The half with the page comes first in every other pair."""
    pairs: list[dict[bool, Half]] = []
    with surroundings("--rate-limit", "0") as farm:
        farm.start_worker()
        farm.wait_for_worker()
        for number in range(PAIRS):
            order = (True, False) if number % 2 else (False, True)
            pairs.append({served: _half(farm, f"{number}{'ab'[place]}", served) for place, served in enumerate(order)})
    return rows(pairs)


def rows(pairs: Sequence[dict[bool, Half]]) -> list[Row]:
    """The rows of measured pairs; each has its half with the page at True."""
    with_clients = f"with page, metrics and {CLIENTS} open clients"
    without_ms = [pair[False].cpu_ms for pair in pairs]
    return [
        _share(f"flow {with_clients}, of that without", pairs, lambda half: half.jobs_per_s, target=TARGET),
        _share(f"coordinator's CPU a job {with_clients}, of that without", pairs, lambda half: half.cpu_ms),
        Row(part="page", name="coordinator's CPU without page and metrics", runs=without_ms, unit="ms/job"),
        Row(
            part="page",
            name=f"CPU of page and metrics with {CLIENTS} open clients, of the coordinator's",
            runs=[pair[True].serving for pair in pairs],
            unit="%",
        ),
    ]


def _share(
    name: str, pairs: Sequence[dict[bool, Half]], figure: Callable[[Half], float], *, target: float | None = None
) -> Row:
    shares = [figure(pair[True]) / figure(pair[False]) * 100 for pair in pairs]
    middle = statistics.median(figure(pair[False]) for pair in pairs)
    peer = f"pairs: {', '.join(f'{share:.1f}' for share in shares)}; median without: {middle:.3g}"
    return Row(part="page", name=name, runs=shares, unit="%", target=target, bound=Bound.AT_LEAST, peer=peer)


def _half(farm: Surroundings, name: str, served: bool) -> Half:
    port = free_port() if served else 0
    folder = farm.folder / name
    folder.mkdir()
    settings = {
        "FLEET_MINERS": str(MINERS),
        "FLEET_MINER_PREFIX": f"rig-{name}-",
        "FLEET_STATE_DIR": str(folder),
        "FLEET_WEB__PORT": str(port),
    }
    before = farm.accepted()
    with _clients(port):
        threads = {THREADS_CPU: str(folder / "threads.json")}
        coordinator = farm.start_coordinator(UNLIMITED | settings | threads, "bench.metered_coordinator")
        farm.wait_for_accepted(before + 1)
        time.sleep(_WARM_UP_S)
        first = _look(farm, coordinator, folder / "threads.json")
        time.sleep(_MEASURED_S)
        last = _look(farm, coordinator, folder / "threads.json")
    farm.drained(coordinator)
    farm.children.remove(coordinator)
    jobs, cpu_s = last.jobs - first.jobs, last.cpu_s - first.cpu_s
    return Half(
        jobs_per_s=jobs / (last.at - first.at),
        cpu_ms=cpu_s / jobs * 1000,
        serving=sum(last.threads_s.get(name, 0.0) - first.threads_s.get(name, 0.0) for name in _SERVING) / cpu_s * 100,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    #: monotonic seconds
    at: float
    #: accepted so far
    jobs: int
    #: CPU seconds of the coordinator, and of each of its threads
    cpu_s: float
    threads_s: Mapping[str, float]


def _look(farm: Surroundings, coordinator: Measured, threads: Path) -> _Look:
    jobs = farm.accepted()
    return _Look(at=time.monotonic(), jobs=jobs, cpu_s=coordinator.use().cpu_s, threads_s=read(threads))


@contextmanager
def _clients(port: int) -> Iterator[None]:
    """Visitors who keep pages open, and a Prometheus; none for port 0."""
    over = threading.Event()
    visits = [("/", _LOOK_S)] * (CLIENTS - 2) + [("/miners", _LOOK_S), ("/?span=24 h", _LOOK_S)]
    visits.append(("/metrics", _SCRAPE_S))
    threads = [
        # spread over the time between two looks, as visitors are who know nothing of each other
        threading.Thread(target=_visit, args=(port, path, every_s, every_s * place / len(visits), over), daemon=True)
        for place, (path, every_s) in enumerate(visits if port else ())
    ]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in threads:
            one.join()


def _visit(port: int, path: str, every_s: float, first_s: float, over: threading.Event) -> None:
    wait_s = first_s
    while not over.wait(wait_s):
        wait_s = every_s
        # the farm is not there yet, or not any more
        with suppress(OSError, http.client.HTTPException):
            asked(port, path)


def asked(port: int, path: str) -> float:
    """Milliseconds of an answer. Raises OSError."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request("GET", quote(path, safe="/?=&"))
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"{path} is answered by {answer.status}")
    finally:
        connection.close()
    return (time.perf_counter() - began) * 1000
