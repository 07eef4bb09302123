"""The timing itself: run by `bench.kernels` in a process of its own, rows as JSON on standard output.

A round times, one after the other, the 512×512 float32 product and then for each job the bare work, seeding and
kernel, and the whole of `compute`, each for at least 10 ms. All ratios are of times of the same round, since the
speed of a shared machine drifts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import numpy as np

from bench.bare_work import BARE
from bench.kernel_jobs import JOBS, Job
from tasks.catalog import KERNELS, compute
from tasks.digest import seed
from tasks.kernels.draws import generator
from tasks.kernels.process import settle
from tasks.payloads.table import parse

JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
SLICE_S = 0.01
TO_BARE = 1.15

Row = dict[str, Any]


def per_call_s(work: Callable[[], object]) -> float:
    """Seconds a call, over as many calls as fill `SLICE_S`; one call before is not timed."""
    work()
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


def rows(rounds: int) -> list[Row]:
    """Three rows a job, over so many rounds."""
    settle()
    one = np.random.default_rng(1).random((512, 512), dtype=np.float32)
    out = np.empty_like(one)
    works = [timed(job) for job in JOBS]
    times: list[list[tuple[float, ...]]] = [[] for _ in JOBS]
    for _ in range(rounds):
        for parts, measured in zip(works, times, strict=True):
            product = per_call_s(lambda: np.matmul(one, one, out=out))
            measured.append((product, *map(per_call_s, parts)))
    return [row for job, measured in zip(JOBS, times, strict=True) for row in _job_rows(job, measured)]


def _job_rows(job: Job, times: list[tuple[float, ...]]) -> list[Row]:
    multiple = [whole / product for product, _, _, whole in times]
    to_bare = [kernel / bare for _, bare, kernel, _ in times]
    micro = [whole * 1e6 for _, _, _, whole in times]
    return [
        _row(f"{job.name} compute", multiple, unit="products 512²", target=job.peer, peer=job.peer),
        _row(f"{job.name} kernel", to_bare, unit="× bare work", target=TO_BARE, peer=None),
        _row(f"{job.name} time", micro, unit="µs", target=None, peer=None),
    ]


def _row(name: str, values: list[float], *, unit: str, target: float | None, peer: float | None) -> Row:
    middle = median(values)
    low, _, high = quantiles(values, n=4)
    return {
        "part": "kernels",
        "name": name,
        "value": middle,
        "unit": unit,
        "target": target,
        "reached": None if target is None else middle <= target,
        "peer": peer,
        "spread": (high - low) / middle,
    }


if __name__ == "__main__":
    json.dump(rows(int(sys.argv[1])), sys.stdout, ensure_ascii=False)
