"""The timing itself: run by `bench.kernels` in a process of its own, times as JSON on standard output.

A round times, one after the other, the 512×512 float32 product and then for each job the bare work, seeding and
kernel, and the whole of `compute`, each in the fastest of six slices of 2 ms. All ratios are of times of the same
round, since the speed of a shared machine drifts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from bench.bare_work import BARE
from bench.kernel_jobs import JOBS, Job
from tasks.catalog import KERNELS, compute
from tasks.digest import seed
from tasks.kernels.draws import generator
from tasks.kernels.process import settle
from tasks.payloads.table import parse

JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
SLICE_S = 0.002
SLICES = 6


def per_call_s(work: Callable[[], object]) -> float:
    """Seconds a call in the fastest of `SLICES` slices; one call before is not timed.

    What a machine does beside can only make a slice slower.
    """
    work()
    return min(_sliced_s(work) for _ in range(SLICES))


def _sliced_s(work: Callable[[], object]) -> float:
    calls, started = 0, time.perf_counter()
    while True:
        work()
        calls += 1
        spent = time.perf_counter() - started
        if spent >= SLICE_S:
            return spent / calls


def timed(job: Job) -> tuple[Callable[[], object], Callable[[], object], Callable[[], object]]:
    """Bare work, seeding and kernel, the whole of `compute`."""
    payload = parse(job.job_type, job.data)
    number = seed(JOB_ID)
    bare, kernel = BARE[job.job_type], KERNELS[job.job_type]
    return (
        lambda: bare(payload, generator(number)),
        lambda: kernel(payload, generator(number)),
        lambda: compute(job.job_type, job.data, job_id=JOB_ID),
    )


def times(rounds: int) -> dict[str, list[tuple[float, float, float, float]]]:
    """Seconds of each job by name: the product, bare work, seeding and kernel, the whole of `compute`; each round."""
    settle()
    one = np.random.default_rng(1).random((512, 512), dtype=np.float32)
    out = np.empty_like(one)
    works = {job.name: timed(job) for job in JOBS}
    found: dict[str, list[tuple[float, float, float, float]]] = {job.name: [] for job in JOBS}
    for _ in range(rounds):
        for name, (bare, kernel, whole) in works.items():
            product = per_call_s(lambda: np.matmul(one, one, out=out))
            found[name].append((product, per_call_s(bare), per_call_s(kernel), per_call_s(whole)))
    return found


if __name__ == "__main__":
    json.dump(times(int(sys.argv[1])), sys.stdout)
