"""Routing: what four unlike hosts earn at overload if each takes its best jobs, and if all share one queue.

    python -m bench routing

The hosts are workers on this machine that may use parts of its cores (`limits.cpu_percent`). Two of them compute as a
processor of 2004 does, without AVX: their dense kernels are several times slower, all else is as quick as elsewhere.
The shared queue is that of the same hosts, each of which declares one core and no GPU. Both are measured in turn.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.flow import Flow, flow
from bench.rows import Bound, Row
from fleet.simulator.rewards import WEIGHTS

RUNS, MINERS = 3, 100
SECONDS, WARM_UP_S = 20.0, 10.0
TARGET = 1.3
#: name in the table → mix of the server's jobs
MIXES = {"all job types": "all", "two dense jobs in five": "tensor_reduce=3,matrix_ops=2"}
#: makes OpenBLAS and numpy use no instructions that a processor of 2004 lacks
_OLD = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "SSE41 POPCNT SSE42 AVX F16C FMA3 AVX2 AVX512F AVX512CD AVX512_SKX",
}
#: no result is computed twice, whatever its host
_SETTINGS = {"FLEET_AUDIT__SHARE": "0", "FLEET_WORKER__CONCURRENCY": "1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Host:
    """One host: what it declares, what part of a core it may use, and whether its processor is old."""

    cores: int
    gpu_mb: int
    core: float
    old: bool = False

    def settings(self, *, routed: bool) -> dict[str, str]:
        """The settings of its worker."""
        return {
            "FLEET_WORKER__CPU_CORES": str(self.cores if routed else 1),
            "FLEET_WORKER__GPU_MEMORY_MB": str(self.gpu_mb if routed else 0),
            "FLEET_LIMITS__CPU_PERCENT": f"{100 * self.core / (os.cpu_count() or 1):g}",
        } | (_OLD if self.old else {})


_HOSTS = (
    _Host(cores=8, gpu_mb=16_384, core=0.25),
    _Host(cores=4, gpu_mb=0, core=0.25),
    _Host(cores=1, gpu_mb=0, core=0.25, old=True),
    _Host(cores=1, gpu_mb=0, core=0.25, old=True),
)


def routing() -> list[Row]:
    """NNET an hour by class over NNET an hour by one queue, for each mix."""
    rows = []
    for name, mix in MIXES.items():
        pairs = [(_run(mix, routed=True), _run(mix, routed=False)) for _ in range(RUNS)]
        routed, shared = zip(*((_nnet_per_h(one), _nnet_per_h(other)) for one, other in pairs), strict=True)
        rows.append(
            Row(
                part="routing",
                name=f"NNET/h by class over one queue, {len(_HOSTS)} unlike hosts, {name}",
                runs=[one / other for one, other in zip(routed, shared, strict=True)],
                unit="×",
                target=TARGET,
                bound=Bound.AT_LEAST,
                peer=f"{_median(routed)} over {_median(shared)} NNET/h",
            )
        )
    return rows


def _run(mix: str, *, routed: bool) -> Flow:
    hosts = [host.settings(routed=routed) for host in _HOSTS]
    return flow(miners=MINERS, mix=mix, seconds=SECONDS, warm_up_s=WARM_UP_S, settings=_SETTINGS, workers=hosts)


def _nnet_per_h(run: Flow) -> float:
    """By the rewards of the fixed rule, whatever rule the simulator follows."""
    return sum(WEIGHTS[one.job_type] for one in run.payments) / run.seconds * 3600


def _median(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):,.0f}"
