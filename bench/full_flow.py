"""Overhead, flow and efficiency: a farm on a server without a limit.

    python -m bench overhead flow efficiency

`flow` and `efficiency` measure the same runs. The flow's peer is a copy of the original client's loop
(`bench.original_client`) against the same simulator.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

from bench.farms import surroundings
from bench.flow import Flow, flow
from bench.metered_worker import KernelUse, between
from bench.rows import Bound, Row

RUNS = 3
MINERS = 200
PEER_PROCESSES = 4
PEER_SECONDS = 8
NAMES = {"all": "all job types", "light": "light jobs"}


class Overhead:
    """Overhead of one miner on an idle farm: the time from a fetch's answer to its submission, less the kernel.

    Other virtual machines on the host can double it for minutes. So it is measured repeatedly between the other parts,
    and the lowest measurement counts; the others are listed beside it.
    """

    def __init__(self) -> None:
        self._looks: list[dict[str, float]] = []

    def look(self) -> list[Row]:
        """Measure for five seconds. Adds no rows."""
        self._looks.append(flow(miners=1, seconds=5.0, warm_up_s=1.0).figures["latency_ms"])
        return []

    def rows(self) -> list[Row]:
        """Two rows, after at least as many measurements as other figures have runs."""
        while len(self._looks) < RUNS:
            self.look()
        return [self._row(50, 4.0), self._row(99, 12.0)]

    def _row(self, percent: int, target: float) -> Row:
        runs = [look[f"overhead_p{percent}"] for look in self._looks]
        return Row(
            part="overhead",
            name=f"fetch answered → submission sent, less kernel, p{percent}",
            unit="ms",
            target=target,
            runs=runs,
            quietest=True,
            peer=f"quietest of {', '.join(f'{run:.1f}' for run in runs)}",
        )


@cache
def runs_of(mix: str) -> tuple[Flow, ...]:
    """The runs at full flow with this mix of jobs, made only once."""
    return tuple(flow(miners=MINERS, mix=mix, seconds=8.0, every_s=2.0) for _ in range(RUNS))


def full_flow() -> list[Row]:
    """Accepted jobs per second of 200 miners, and their cost."""
    rows = []
    peer = original_client()
    for mix, target in (("all", 250.0), ("light", 400.0)):
        runs = runs_of(mix)
        rows.append(
            Row(
                part="flow",
                name=f"{NAMES[mix]}, {MINERS} miners",
                unit="jobs/s",
                target=target,
                bound=Bound.AT_LEAST,
                peer=f"{peer:.2f} a process (original client)",
                runs=[run.jobs_per_s for run in runs],
            )
        )
        rows += [
            Row(
                part="flow",
                name=f"CPU of the {part}, {NAMES[mix]}",
                unit="ms/job",
                runs=[cpu_s(run)[part] / len(run.payments) * 1000 for run in runs],
            )
            for part in cpu_s(runs[0])
        ]
        rows.append(_of_the_limit(mix, runs))
    return rows


def _of_the_limit(mix: str, runs: Sequence[Flow]) -> Row:
    """The flow as a share of what all parts could do at their CPU time per job, if every core were full."""
    cores = os.cpu_count() or 1
    limits = [cores * len(run.payments) / sum(cpu_s(run).values()) for run in runs]
    alone = [len(run.payments) / cpu_s(run)["coordinator"] for run in runs]
    return Row(
        part="flow",
        name=f"of what the parts' CPU allows, {NAMES[mix]}",
        unit="%",
        runs=[run.jobs_per_s / limit * 100 for run, limit in zip(runs, limits, strict=True)],
        peer=f"{statistics.median(limits):.0f} jobs/s with {cores} full cores, "
        f"{statistics.median(alone):.0f} by one core for the coordinator alone",
    )


def cpu_s(run: Flow) -> dict[str, float]:
    """CPU seconds of each part between the first and the last sample."""
    first, last = run.samples[0], run.samples[-1]
    return {
        "coordinator": last.coordinator.cpu_s - first.coordinator.cpu_s,
        "workers": last.workers.cpu_s - first.workers.cpu_s,
        "simulator": last.simulator.cpu_s - first.simulator.cpu_s,
        "Redis": last.redis_s - first.redis_s,
    }


def efficiency() -> list[Row]:
    """Share of the workers' CPU time spent inside kernels, for the mix and by job type."""
    runs = runs_of("all")
    used = [_kernels_used(run) for run in runs]
    inside_s = [sum(use.cpu_s for use in kernels.values()) for kernels in used]
    jobs = [sum(use.jobs for use in kernels.values()) for kernels in used]
    workers_s = [cpu_s(run)["workers"] for run in runs]
    whole = _share(
        "workers' CPU inside kernels, all job types",
        [inside / all_s * 100 for inside, all_s in zip(inside_s, workers_s, strict=True)],
        target=60.0,
    )
    beside_ms = [
        (all_s - inside) / count * 1000 for all_s, inside, count in zip(workers_s, inside_s, jobs, strict=True)
    ]
    beside = statistics.median(beside_ms)
    by_type = []
    for job_type in sorted(name for name in used[0] if all(kernels[name].jobs for kernels in used)):
        kernel_ms = [kernels[job_type].cpu_s / kernels[job_type].jobs * 1000 for kernels in used]
        shares = [ms / (ms + around) * 100 for ms, around in zip(kernel_ms, beside_ms, strict=True)]
        words = f"{statistics.median(kernel_ms):.2f} ms of kernel, {beside:.2f} ms beside it"
        by_type.append(_share(f"… {job_type}", shares, peer=words))
    return [whole, *by_type]


def _share(name: str, runs: list[float], *, target: float | None = None, peer: str | None = None) -> Row:
    return Row(
        part="efficiency", name=name, unit="%", runs=runs, target=target, bound=Bound.AT_LEAST, peer=peer, most=100.0
    )


def _kernels_used(run: Flow) -> dict[str, KernelUse]:
    """Use of the kernels between the first and the last sample, by job type."""
    return between(run.samples[0].kernels, run.samples[-1].kernels)


def original_client() -> float:
    """Accepted jobs per second of one process of the original client."""
    with surroundings("--rate-limit", "0") as farm:
        argv = [sys.executable, "-m", "bench.original_client", farm.server]
        peers = [
            subprocess.Popen([*argv, f"peer-{number}", str(PEER_SECONDS)], stdout=subprocess.PIPE)
            for number in range(PEER_PROCESSES)
        ]
        return sum(int(peer.communicate()[0]) for peer in peers) / PEER_PROCESSES / PEER_SECONDS
