"""The CPU that snapshots cost the coordinator at 2,500 miners that earn as much as the limit allows.

python -m bench snapshot
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.rows import Row
from fleet.control.control import Action, Control, Target, TargetKind
from fleet.coordinator.bookkeeper import CommitTimes
from fleet.coordinator.observing.health import HealthObserver
from fleet.coordinator.observing.server_rows import Account, ServerRows
from fleet.coordinator.observing.status import EVERY_S, InRedis, Sources, StatusObserver, Subject
from fleet.coordinator.observing.surroundings_watch import SurroundingsWatch
from fleet.coordinator.pending import TurnEffects
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.effects import Booked
from fleet.domain.jobs import Entry, MinerSpec
from fleet.domain.proof import Proof
from fleet.domain.saved_state import SavedMiner
from fleet.domain.wall_clock import wall_ms
from fleet.health.watch import FarmHealth
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from fleet.server.prospect import Prospect
from fleet.status.collected import Collected
from fleet.status.days import Days
from fleet.status.publisher import Wanted
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter

MINERS, SECONDS, RUNS = 2_500, 70, 3
#: jobs paid a second: half of 5,000 requests a minute
PAID_A_SECOND = 42
#: share of one core, in percent
TARGET = 2.0
_HOSTS = tuple(f"host-{number}" for number in range(20))
#: as an operator leaves them: a schedule's pause of a tag, and some miners and a host that are looked after
_CONTROLS = tuple(
    Control(target=Target(kind=kind, name=name), action=Action.PAUSE, since_ms=0, until_ms=1 << 42, who="bench")
    for kind, name in (
        (TargetKind.TAG, "garage"),
        (TargetKind.HOST, _HOSTS[0]),
        *((TargetKind.MINER, f"rig-{number}") for number in range(20)),
    )
)
_TYPES = ("matrix_ops", "inference", "model_training", "data_validation")


def snapshot() -> list[Row]:
    """Measure the CPU for one snapshot a second, including its file. The quietest of three runs counts."""
    shares, sizes = zip(*(_run() for _ in range(RUNS)), strict=True)
    return [
        Row(
            part="snapshot",
            name=f"the snapshot of {MINERS:,} miners, once a second: share of a core",
            runs=shares,
            unit="%",
            target=TARGET,
            quietest=True,
        ),
        Row(part="snapshot", name="its file", runs=sizes, unit="KB"),
    ]


def _run() -> tuple[float, float]:
    """Percent of a core, and KB."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder, _observed(Path(folder)) as (observer, farm, file):
        names = list(farm.miners)
        now = spent_s = 0.0
        for _ in range(SECONDS):
            effects = TurnEffects(writes=[_booked(rng.choice(names), rng) for _ in range(PAID_A_SECOND)])
            began = time.thread_time()
            observer.committed(effects, now)
            observer.tick(farm, now)
            spent_s += time.thread_time() - began
            now += EVERY_S
        return spent_s / SECONDS * 100, file.stat().st_size / 1000


@contextmanager
def _observed(folder: Path) -> Iterator[tuple[StatusObserver, Farm, Path]]:
    specs = [MinerSpec(miner_id=f"neo1{number:040x}", name=f"rig-{number}") for number in range(MINERS)]
    governor = Governor(requests=5_000, window_s=60.0, miners=MINERS, heartbeat_s=30.0)
    miners = [Miner(spec, Policy(), SavedMiner(), random.Random(1), 0.0) for spec in specs]
    auto = AutoMiners(miners, governor, pinned=(), heartbeat_s=30.0, now=0.0, follows=False)
    farm = Farm(miners, governor, lambda _: None, max_calls=64, max_at_workers=256, now=0.0, auto=auto)
    file = folder / SNAPSHOT_FILE
    names = {spec.miner_id: spec.name for spec in specs}
    booked = dict.fromkeys(names.values(), ZERO)
    observer = StatusObserver(
        Subject(server="bench", simulated=True, release="bench", names=names, counts_since=0.0),
        Collected(booked=booked, total=ZERO, days=Days(wall_ms(), {}, ZERO), now=0.0, now_ms=0),
        Wanted(losses=()),
        # written on the loop's thread here, so that its CPU counts
        SnapshotWriter(file).write,
        _sources(farm, names),
        0.0,
    )
    yield observer, farm, file


def _sources(farm: Farm, names: dict[str, str]) -> Sources:
    prospect = Prospect("bench", mined=True, patience_s=None, now=0.0)
    account = Account(key="", name="bench", ledger_name="bench", farm=farm, prospect=prospect, booked=ZERO)
    books: Any = SimpleNamespace(times=CommitTimes, waits_s=0.0, reason="")
    health = HealthObserver(
        FarmHealth(kernel_version="bench", now=0.0),
        [account],
        names,
        books,
        SurroundingsWatch(Path.cwd(), {}),
        30.0,
        0.0,
    )
    return Sources(
        books=books,
        health=health,
        servers=ServerRows([account], 0.0, wall_ms()),
        in_redis=InRedis(dict, lambda: dict.fromkeys(_HOSTS, 1), lambda: dict.fromkeys(_HOSTS, 3)),
        now_ms=wall_ms,
        controls=lambda: _CONTROLS,
    )


def _booked(miner_id: str, rng: random.Random) -> Booked:
    return Booked(
        entry=Entry(
            miner_id=miner_id,
            kind=EntryKind.JOB,
            amount=Decimal(rng.randrange(1, 10_000_000)) / 1_000_000,
            confirmed=True,
            session_id="s",
            job_type=rng.choice(_TYPES),
            proof=Proof(worker=f"worker@{rng.choice(_HOSTS)}"),
        )
    )
