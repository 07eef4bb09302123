"""CPU time of each kernel on jobs as the simulator draws them: `python -m bench.kernel_cpu N`, JSON on standard output.

Milliseconds of CPU by job type, the mean over N jobs after one that is not counted.
"""

from __future__ import annotations

import json
import random
import sys
import time

from fleet.simulator.jobs import JOB_TYPE_NAMES, draw_data
from tasks.catalog import compute


def mean_ms(job_type: str, jobs: int) -> float:
    """The whole of `compute`, as a worker calls it."""
    rng = random.Random(job_type)
    drawn = [draw_data(job_type, rng) for _ in range(jobs + 1)]
    compute(job_type, drawn[0], job_id="first")
    started = time.process_time()
    for number, data in enumerate(drawn[1:]):
        compute(job_type, data, job_id=str(number))
    return (time.process_time() - started) / jobs * 1000


if __name__ == "__main__":
    json.dump({job_type: mean_ms(job_type, int(sys.argv[1])) for job_type in JOB_TYPE_NAMES}, sys.stdout)
