"""One BLAS thread per process: the pool has a process for each core, and more threads cost most of the speed."""

from __future__ import annotations

import os
import sys

from tasks.host.module_command import module_command

#: read by OpenBLAS, OpenMP and MKL only when numpy loads
_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def single_threaded() -> None:
    """Restart this process with one BLAS thread unless the environment sets it, since numpy may be loaded already."""
    missing = [name for name in _VARIABLES if name not in os.environ]
    if missing:
        environ = os.environ | dict.fromkeys(missing, "1")
        os.execve(sys.executable, module_command("tasks", *sys.argv[1:]), environ)  # noqa: S606 - our own program
