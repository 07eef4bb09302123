"""Times each kernel on data as servers send it, compared with its minimal work.

    python -m bench kernels

Every figure comes from a fresh process with one BLAS thread (see `bench.kernel_times`). There are three rows a job. `…
compute` is a worker's whole work for the job (read `data`, seed the generator, kernel) as a multiple of one 512×512
float32 product of the same rounds, beside the original client's kernel (`bench.original_kernels`) in the same rounds.
`… kernel` is seeding and kernel as a multiple of the bare work (`bench.bare_work`). `… time` is the whole work in
microseconds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from bench.kernel_times import Times
from bench.processes import ONE_THREAD, clean_environ
from bench.rows import Row
from tasks.bench.samples import SAMPLES, SampleJob

#: number of runs per row, and rounds per run; a run's fastest round counts
RUNS, ROUNDS = 3, 2
TO_BARE = 1.15


def kernels() -> list[Row]:
    """Three rows per job."""
    argv = [sys.executable, "-m", "bench.kernel_times", str(RUNS * ROUNDS)]
    done = subprocess.run(argv, env=clean_environ() | ONE_THREAD, stdout=subprocess.PIPE, check=True)
    times: dict[str, list[Times]] = json.loads(done.stdout)
    return [row for job in SAMPLES for row in _rows(job, times[job.name])]


def _rows(job: SampleJob, times: list[Times]) -> list[Row]:
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
