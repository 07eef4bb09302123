"""`python -m tasks bench`: measures this host, and prints a JSON object a line as it goes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from tasks.bench.compare import measure_gpu
from tasks.bench.measure import measure
from tasks.bench.samples import GPU_SAMPLES, SAMPLES
from tasks.compute.inventory import inventory
from tasks.errors import MeasurementError, TooFewFilesError
from tasks.host.open_files import raise_limit
from tasks.host.pool_size import pool_size

_EX_SOFTWARE = 70


def run(processes: int | None, seconds: float) -> int:
    """Print the inventory, then each measurement, and that of a GPU if there is one and a library for it.

    `processes` are as many as a worker would start, unless given.
    """
    found = inventory()
    try:
        pool = pool_size(
            asked=processes,
            cores=found.hardware.cpu_cores,
            memory_mb=found.hardware.memory_mb,
            open_files=raise_limit(),
        )
        with_gpu = bool(found.gpu_library and found.hardware.gpus)
        samples = len(SAMPLES) + with_gpu * len(GPU_SAMPLES)
        _print({"inventory": found.stated(), "processes": pool.processes, "note": pool.note, "samples": samples})
        for one in measure(pool.processes, seconds):
            _print({"measured": asdict(one)})
        if with_gpu:
            # two devices, each for half as long
            compared = measure_gpu(found.hardware, pool.processes, seconds / 2, lambda: _print({"step": "gpu"}))
            _print({"gpu": compared.stated()})
    except (MeasurementError, TooFewFilesError) as exc:
        print(exc, file=sys.stderr)
        return _EX_SOFTWARE
    return 0


def _print(row: dict[str, object]) -> None:
    print(json.dumps(row), flush=True)
