"""The bench's share of kernels: measured inside the worker, in every process of its pool."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench import metered_worker
from tests.support.processes import ROOT

#: computes in two processes, as a pool does after it has forked
TWO_PROCESSES = """
import os, runpy, sys
from pathlib import Path
from tasks import __main__ as door
from tasks.compute import catalog

def main():
    child = os.fork()
    catalog.compute("matrix_ops", {"matrix_size": 256, "operations": 8}, job_id="a")
    if child:
        os.waitpid(child, 0)
    else:
        os._exit(0)

door.main = main
runpy.run_module("bench.metered_worker", run_name="__main__")
"""


def test_the_kernels_of_every_process_are_counted_with_their_cpu_time(tmp_path: Path) -> None:
    environ = os.environ | {metered_worker.KERNEL_CPU: str(tmp_path)}
    subprocess.run([sys.executable, "-c", TWO_PROCESSES], env=environ, cwd=ROOT, check=True, timeout=60)
    sums = metered_worker.read(tmp_path)
    assert sums["matrix_ops"].jobs == 2
    assert 0 < sums["matrix_ops"].cpu_s < 60
    assert {name for name, use in sums.items() if use.jobs} == {"matrix_ops"}
