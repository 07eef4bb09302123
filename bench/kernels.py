"""Time of each kernel, on data as the servers send it, against the bare work it can't do without.

    python -m bench kernels

Every figure comes from one fresh process with one BLAS thread (`bench.kernel_times` says how). Three rows a job:
`… compute` is all that a worker does for the job (read `data`, seed the generator, kernel) as a multiple of one
512×512 float32 product of the same rounds, beside what the original client's way (`bench.original_kernels`) takes in
them; `… kernel` is seeding and kernel as a multiple of the bare work (`bench.bare_work`); `… time` is the whole in
microseconds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from bench.kernel_jobs import JOBS, Job
from bench.kernel_times import Times
from bench.processes import ONE_THREAD, clean_environ
from bench.rows import Row

#: each row is measured so many times, in as many rounds each: the fastest time of its rounds counts
RUNS, ROUNDS = 3, 2
TO_BARE = 1.15


def kernels() -> list[Row]:
    """Three rows a job."""
    argv = [sys.executable, "-m", "bench.kernel_times", str(RUNS * ROUNDS)]
    done = subprocess.run(argv, env=clean_environ() | ONE_THREAD, stdout=subprocess.PIPE, check=True)
    times: dict[str, list[Times]] = json.loads(done.stdout)
    return [row for job in JOBS for row in _rows(job, times[job.name])]


def _rows(job: Job, times: list[Times]) -> list[Row]:
    fastest = [[min(column) for column in zip(*times[run::RUNS], strict=True)] for run in range(RUNS)]
    multiple = [whole / product for product, _, _, whole, _ in fastest]
    original = statistics.median(theirs / product for product, _, _, _, theirs in fastest)
    to_bare = [kernel / bare for _, bare, kernel, _, _ in fastest]
    micro = [whole * 1e6 for _, _, _, whole, _ in fastest]
    part, name = "kernels", job.name
    return [
        Row(
            part=part,
            name=f"{name} compute",
            unit="products 512²",
            target=original,
            peer=original,
            runs=multiple,
        ),
        Row(part=part, name=f"{name} kernel", unit="× bare work", target=TO_BARE, runs=to_bare),
        Row(part=part, name=f"{name} time", unit="µs", runs=micro),
    ]
