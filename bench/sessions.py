"""Sessions: the cost of thousands of miners for one coordinator, and the lateness of their heartbeats.

    python -m bench sessions

2,500 miners use a server that takes 15,000 requests in 60 s from one address. The usual 5,000 would have room for only
half as many sessions with their heartbeats and the jobs that these bring, and no more would be opened. 10,000 miners
use a server without a limit. The time after the last session was opened is measured.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.farms import UNLIMITED, Surroundings, surroundings
from bench.heartbeats import Watch, percentile
from bench.rows import Row

SECONDS = 40.0
_MB = 1e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """A number of miners, and the limits of their cost."""

    miners: int
    #: in the simulator's notation
    rate_limit: str
    settings: dict[str, str]
    most_mb: float
    #: percent of a core; None for no limit
    most_cpu: float | None
    most_late_s: float
    #: seconds allowed for opening the sessions
    patience_s: float


CROWDS = (
    Crowd(
        miners=2_500,
        rate_limit="15000/60",
        settings={"FLEET_BUDGET__REQUESTS": "15000"},
        most_mb=200,
        most_cpu=50.0,
        most_late_s=1.0,
        patience_s=200.0,
    ),
    Crowd(
        miners=10_000,
        rate_limit="0",
        settings=UNLIMITED,
        most_mb=600,
        most_cpu=None,
        most_late_s=2.0,
        patience_s=120.0,
    ),
)


def figures_of(crowd: Crowd) -> dict[str, float]:
    """Measure one crowd."""
    with surroundings("--rate-limit", crowd.rate_limit) as farm:
        worker = farm.start_worker()
        farm.wait_for_worker()
        started_at = time.monotonic()
        coordinator = farm.start_coordinator(crowd.settings | {"FLEET_MINERS": str(crowd.miners)})
        _wait_until_open(farm, crowd)
        opened_s = time.monotonic() - started_at
        watch, before = Watch(farm), farm.sample(coordinator, [worker])
        watch.look_for(SECONDS)
        after = farm.sample(coordinator, [worker])
        coordinator.kill()
    return {
        "opened_s": opened_s,
        "mb": after.coordinator.rss_bytes / _MB,
        "cpu_percent": (after.coordinator.cpu_s - before.coordinator.cpu_s) / (after.at - before.at) * 100,
        "late_s": percentile(watch.late_s, 99),
    }


def rows_of(crowd: Crowd, figures: Mapping[str, float]) -> list[Row]:
    """The figures beside their limits."""
    name = f"{crowd.miners:,} miners"
    return [
        Row(part="sessions", name=f"{name}: all open after", runs=[figures["opened_s"]], unit="s"),
        Row(
            part="sessions",
            name=f"{name}: memory of the coordinator",
            runs=[figures["mb"]],
            unit="MB",
            target=crowd.most_mb,
            peer=f"{52 * crowd.miners:,} MB (original client)",
        ),
        Row(
            part="sessions",
            name=f"{name}: CPU of the coordinator",
            runs=[figures["cpu_percent"]],
            unit="% of a core",
            target=crowd.most_cpu,
        ),
        Row(
            part="sessions",
            name=f"{name}: heartbeats late, p99",
            runs=[figures["late_s"]],
            unit="s",
            target=crowd.most_late_s,
        ),
    ]


def _wait_until_open(farm: Surroundings, crowd: Crowd) -> None:
    deadline = time.monotonic() + crowd.patience_s
    while (opened := farm.asked("requests")["sessions_open"]) < crowd.miners:
        if time.monotonic() > deadline:
            ends = "\n".join(child.tail() for child in farm.children)
            raise TimeoutError(f"{opened} of {crowd.miners} sessions open after {crowd.patience_s:g} s\n{ends}")
        time.sleep(0.5)
