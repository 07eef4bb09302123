"""`python -m tasks recompute`: computes jobs again that stand on stdin, one JSON object a line, and prints the results.

A line of stdin is `{"job_id", "job_type", "data"}`. The first line of the output is `{"kind"}` of this host, each
further one `{"result", "kernel"}` or `{"error"}` of the next job.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from tasks import strict_json
from tasks.compute import catalog
from tasks.compute.inventory import inventory
from tasks.errors import PayloadError, UnknownJobTypeError


def run(jobs: Iterable[str], out: TextIO) -> int:
    """Compute the jobs in order, each before the next line is read. Returns the exit code."""
    print(json.dumps({"kind": inventory().kind}), file=out, flush=True)
    for line in jobs:
        print(json.dumps(_computed(strict_json.loads(line))), file=out, flush=True)
    return 0


def _computed(job: dict[str, object]) -> dict[str, object]:
    data = job["data"]
    assert isinstance(data, dict)  # noqa: S101 - the command that starts this process writes it
    try:
        result = catalog.compute(str(job["job_type"]), data, job_id=str(job["job_id"]))
    except (PayloadError, UnknownJobTypeError, MemoryError) as exc:
        return {"error": f"{type(exc).__name__}: {exc}"[:300]}
    return {"result": result, "kernel": catalog.KERNEL_VERSION}
