"""Times the kernels, and prints the times as JSON; `bench.kernels` runs it in a separate process.

A round goes over the jobs. Bare work, seeding and kernel, the whole of `compute` and the original client's kernel
alternate call by call, so that other load on the machine slows all of them alike. The fastest call of each counts. The
512×512 float32 product is timed just before and just after.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from bench.bare_work import BARE, NOTHING_DRAWN
from bench.original_kernels import ORIGINAL
from tasks.bench.samples import SAMPLES, SampleJob
from tasks.compute.catalog import KERNELS, compute
from tasks.compute.digest import seed
from tasks.compute.kernels.draws import generator
from tasks.compute.kernels.process import prepare_process
from tasks.compute.payloads.table import parse

JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
#: seconds of the product, the bare work, seeding and kernel, the whole of `compute`, and the original client's kernel
Times = tuple[float, float, float, float, float]
#: minimum duration of the alternating calls in seconds, and minimum number of turns
TURNS_S = 0.25
LEAST_TURNS = 12
PRODUCTS = 24


def fastest_s(turns_s: float, least_turns: int, *works: Callable[[], object]) -> list[float]:
    """Seconds of each function's fastest call. A first round is not timed."""
    for work in works:
        work()
    best, turns = [float("inf")] * len(works), 0
    ends = time.perf_counter() + turns_s
    while turns < least_turns or time.perf_counter() < ends:
        turns += 1
        for number, work in enumerate(works):
            started = time.perf_counter()
            work()
            best[number] = min(best[number], time.perf_counter() - started)
    return best


def timed(job: SampleJob) -> tuple[Callable[[], object], ...]:
    """Bare work, seeding and kernel, the whole of `compute`, the original client's kernel."""
    payload = parse(job.job_type, job.data)
    number = seed(JOB_ID)
    bare, kernel = BARE[job.job_type], KERNELS[job.job_type]
    unused = generator(number)
    return (
        (lambda: bare(payload, unused))
        if job.job_type in NOTHING_DRAWN
        else (lambda: bare(payload, generator(number))),
        lambda: kernel(payload, generator(number)),
        lambda: compute(job.job_type, job.data, job_id=JOB_ID),
        lambda: ORIGINAL[job.job_type](job.data),
    )


def times(rounds: int) -> dict[str, list[Times]]:
    """The times of each job, by name, in each round."""
    prepare_process()
    one = np.random.default_rng(1).random((512, 512), dtype=np.float32)
    out = np.empty_like(one)

    def product() -> object:
        return np.matmul(one, one, out=out)

    works = {job.name: timed(job) for job in SAMPLES}
    found: dict[str, list[Times]] = {job.name: [] for job in SAMPLES}
    for _ in range(rounds):
        for name, work in works.items():
            before = fastest_s(0.0, PRODUCTS, product)
            bare, kernel, whole, original = fastest_s(TURNS_S, LEAST_TURNS, *work)
            found[name].append((min(before + fastest_s(0.0, PRODUCTS, product)), bare, kernel, whole, original))
    return found


if __name__ == "__main__":
    json.dump(times(int(sys.argv[1])), sys.stdout)
