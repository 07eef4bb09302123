"""Routing: what four unlike hosts earn at overload if each takes its best jobs, and if all share one queue.

    python -m bench routing

The hosts are workers on this machine that may use a tenth of a core each, so that hosts are short and nothing else is.
Two of them compute as a processor of 2004 does, without AVX: their dense kernels are several times slower, all else is
as quick as elsewhere. The shared queue is that of the same hosts, each of which declares one core and no GPU. Both are
measured in turn. What each host needed for a job of each type says how much more the best division of the same jobs
would earn, whoever qualifies for what.
"""

from __future__ import annotations

import os
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.best_split import Group, best_rate, shared_rate
from bench.flow import Flow, flow
from bench.metered_worker import CORE, added, between
from bench.rows import Bound, Row
from fleet.simulator.rewards import WEIGHTS

#: with fewer miners the queue of a class is often empty, and hosts compute what others would do better
RUNS, MINERS = 3, 250
SECONDS, WARM_UP_S = 30.0, 10.0
TARGET = 1.3
_CORE = 0.1
#: name in the table → mix of the server's jobs; all are the eight types that servers of today assign
MIXES = {"all job types": "all", "two dense jobs in five": "tensor_reduce=3,matrix_ops=2"}
#: makes OpenBLAS and numpy use no instructions that a processor of 2004 lacks
_OLD = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "SSE41 POPCNT SSE42 AVX F16C FMA3 AVX2 AVX512F AVX512CD AVX512_SKX",
}
#: no result is computed twice, whatever its host
_SETTINGS = {
    "FLEET_AUDIT__SHARE": "0",
    "FLEET_WORKER__CONCURRENCY": "1",
    "FLEET_LIMITS__CPU_PERCENT": f"{100 * _CORE:g}",
    CORE: str((os.cpu_count() or 1) - 1),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Host:
    """One host: what it declares, and whether its processor is old."""

    cores: int
    gpu_mb: int
    old: bool = False

    def settings(self, *, routed: bool) -> dict[str, str]:
        """The settings of its worker."""
        return {
            "FLEET_WORKER__CPU_CORES": str(self.cores if routed else 1),
            "FLEET_WORKER__GPU_MEMORY_MB": str(self.gpu_mb if routed else 0),
        } | (_OLD if self.old else {})


_HOSTS = (
    _Host(cores=8, gpu_mb=16_384),
    _Host(cores=4, gpu_mb=0),
    _Host(cores=1, gpu_mb=0, old=True),
    _Host(cores=1, gpu_mb=0, old=True),
)


def routing() -> list[Row]:
    """NNET an hour by class over NNET an hour by one queue, for each mix, and over the best that is possible."""
    rows = []
    for name, mix in MIXES.items():
        pairs = [(_run(mix, routed=True), _run(mix, routed=False)) for _ in range(RUNS)]
        routed, shared = zip(*((_nnet_per_h(one), _nnet_per_h(other)) for one, other in pairs), strict=True)
        possible = [_possible(other) for _, other in pairs]
        gains = [one / other for one, other in zip(routed, shared, strict=True)]
        rows += [
            Row(
                part="routing",
                name=f"NNET/h by class over one queue, {len(_HOSTS)} unlike hosts, {name}",
                runs=gains,
                unit="×",
                target=TARGET,
                bound=Bound.AT_LEAST,
                peer=f"{_median(routed)} over {_median(shared)} NNET/h",
            ),
            Row(
                part="routing",
                name=f"… over one queue, by the best division of {name}",
                runs=possible,
                unit="×",
                peer=f"hosts used {_used_percent(pairs):.0f} % of what they may",
            ),
        ]
    return rows


def _run(mix: str, *, routed: bool) -> Flow:
    hosts = [host.settings(routed=routed) for host in _HOSTS]
    return flow(miners=MINERS, mix=mix, seconds=SECONDS, warm_up_s=WARM_UP_S, settings=_SETTINGS, workers=hosts)


def _possible(shared: Flow) -> float:
    """Jobs a second of the best division over those of one queue, by what the hosts needed for each job there."""
    paid = Counter(one.job_type for one in shared.payments)
    mix = {job_type: jobs / paid.total() for job_type, jobs in paid.items()}
    new, old = (_group(shared, old=old) for old in (False, True))
    return best_rate(mix, new, old) / shared_rate(mix, new, old)


def _group(run: Flow, *, old: bool) -> Group:
    """The hosts with an old processor, or the others. What a host needs beside a kernel is the same for each job."""
    at = [number for number, host in enumerate(_HOSTS) if host.old is old]
    first, last = ([sample.hosts[number] for number in at] for sample in (run.samples[0], run.samples[-1]))
    kernels = between(added(host.kernels for host in first), added(host.kernels for host in last))
    cpu_s = sum(host.cpu_s for host in last) - sum(host.cpu_s for host in first)
    beside_s = cpu_s - sum(use.cpu_s for use in kernels.values())
    each_s = beside_s / sum(use.jobs for use in kernels.values())
    costs = {name: use.cpu_s / use.jobs + each_s for name, use in kernels.items() if use.jobs}
    return Group(cores=_CORE * len(at), costs=costs)


def _used_percent(pairs: Sequence[tuple[Flow, Flow]]) -> float:
    """CPU that the hosts used, in percent of what they may; the median of all runs."""
    shares = [
        (run.samples[-1].workers.cpu_s - run.samples[0].workers.cpu_s) / run.seconds / (_CORE * len(_HOSTS))
        for pair in pairs
        for run in pair
    ]
    return 100 * statistics.median(shares)


def _nnet_per_h(run: Flow) -> float:
    """By the rewards of the fixed rule, whatever rule the simulator follows."""
    return sum(WEIGHTS[one.job_type] for one in run.payments) / run.seconds * 3600


def _median(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):,.0f}"
