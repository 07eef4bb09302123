"""X1: an hour, or the time asked for, of random faults; what they cost, and whether memory is released."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TextIO

import psutil
import redis

from fleet.domain.causes import Loss
from tasks.messages import JOBS_QUEUE, RESULTS_STREAM
from tests.chaos.acts import Havoc, quiet
from tests.chaos.audit import Allowed, Auditor
from tests.chaos.farm import Farm, Setup
from tests.chaos.moves import MOVES, Move, draw
from tests.chaos.table import Row

#: seconds between two faults, if the farm recovers faster
_CYCLE_S = 4.2
_RECOVERY_S = 90.0
_SAMPLE_S = 10.0
#: seconds without faults before the end, so that memory can be released
_CALM_S = 120.0
#: causes for which a job may end unpaid here
_EXCUSES = frozenset(Loss) - {Loss.DRAINED}
_SETUP = Setup(
    miners=8,
    hosts=2,
    processes=1,
    latency="100+100",
    settings={
        "FLEET_DISPATCH__REDISPATCH_S": "5",
        "FLEET_HTTP__CALL_DEADLINE_S": "3",
        "FLEET_HTTP__CONNECT_TIMEOUT_S": "2",
        "FLEET_BACKOFF__CAP_S": "8",
        "FLEET_RECONCILE_EVERY_S": "60",
        "FLEET_DRAIN_S": "30",
        "FLEET_WORKER__TIME_LIMIT_S": "4",
        "FLEET_WORKER__SOFT_TIME_LIMIT_S": "3",
        "FLEET_VISIBILITY_TIMEOUT_S": "15",
    },
)


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


@dataclass(kw_only=True, slots=True)
class Soak:
    """The result of a soak."""

    rows: list[Row]
    samples: list[Sample] = field(default_factory=list)
    seconds: float = 0.0
    accepted: int = 0

    def words(self) -> str:
        """The figures below the table."""
        lines = [f"{self.seconds:.0f} s, {sum(row.trials for row in self.rows)} faults, {self.accepted} jobs accepted"]
        lines += ["", "| resource | after warm-up | median | most | at the end, calm |", "|---|---|---|---|---|"]
        for name in Sample.__slots__:
            seen = [(one.at_s, getattr(one, name)) for one in self.samples if getattr(one, name) is not None]
            if name in {"at_s", "accepted"} or not seen:
                continue
            values = [value for _, value in seen]
            warm = next((value for at, value in seen if at >= min(120.0, self.seconds / 4)), values[0])
            shown = (warm, statistics.median(values), max(values), values[-1])
            lines.append(f"| {name} | " + " | ".join(f"{value:.1f}" for value in shown) + " |")
        return "\n".join(lines)


def soak(folder: Path, seconds: float, seed: int, out: TextIO, without: Collection[str] = ()) -> Soak:
    """Strike a farm at random for `seconds`, without the faults in `without`; then drain it and compare the money."""
    rng = Random(seed)
    rows = {move: Row(fault=move.fault, what=move.what) for move in MOVES if move.fault not in without}
    result = Soak(rows=[*rows.values()])
    with Farm(folder, _SETUP) as farm:
        havoc = Havoc(farm, Auditor(farm), rng)
        farm.born()
        farm.accepts(10)
        sampler = _Sampler(farm, folder / "samples.jsonl")
        started = time.monotonic()
        calm_s = min(_CALM_S, seconds / 3)
        for number in range(1, 1_000_000):
            if time.monotonic() - started > seconds - calm_s:
                break
            move = draw(rng, without)
            took = _strike(havoc, move, rows[move])
            out.write(
                f"{time.monotonic() - started:7.1f} s  {number:4}  {move.fault} {move.what}: {took}  {havoc.detail}\n"
            )
            out.flush()
            sampler.due(result.samples, started)
            time.sleep(max(0.0, min(started + number * _CYCLE_S - time.monotonic(), _CYCLE_S)))
            havoc.tend()
        quiet(farm)
        while time.monotonic() - started < seconds:
            havoc.tend()
            time.sleep(1)
            sampler.due(result.samples, started)
        result.samples.append(sampler.sample(started))
        result.accepted = farm.counters()["accepted"]
        result.rows.append(_ended(farm, havoc))
        result.seconds = time.monotonic() - started
    return result


def _strike(havoc: Havoc, move: Move, row: Row) -> str:
    """Cause one fault, and measure the time from its end until a new job is paid."""
    before = havoc.auditor.last_entry()
    havoc.detail = ""
    move.strike(havoc)
    over, over_at = time.monotonic(), time.time()
    deadline = over + _RECOVERY_S
    back_at = None
    while back_at is None and time.monotonic() < deadline:
        havoc.tend()
        back_at = havoc.auditor.resumed(before, over_at, 2.0)
    row.recovered(None if back_at is None else back_at - over, f"no job paid within {_RECOVERY_S:g} s")
    return "no recovery" if back_at is None else f"{back_at - over:.2f} s"


def _ended(farm: Farm, havoc: Havoc) -> Row:
    row = Row(fault="X1", what="all of it: conservation and money after the drain")
    code = farm.drained()
    if code != 0:
        row.flaws.append(f"the drain ended with {code}: {farm.life.words()}")
    row.trials = 1
    verdict = havoc.auditor.verdict(Allowed(losses=_EXCUSES, answers_lost=True, forgotten_at=havoc.forgotten_at))
    row.add(verdict)
    row.flaws += farm.verified()
    row.note = (
        f"{verdict.excused} jobs unpaid for a cause that a fault explains; "
        f"{verdict.unprovable:f} NNET paid in lost answers before the server forgot"
    )
    return row


class _Sampler:
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
