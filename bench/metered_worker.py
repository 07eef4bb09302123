"""`python -m bench.metered_worker`: runs `python -m tasks` and adds up the CPU time inside its kernels.

The kernels' share is measured where it arises: the computing thread's clock is read before and after each kernel. Each
process of the pool keeps its sums in a separate file, `KERNEL_CPU`/<pid>, which `read` can add up at any time. With
`CORE` in the environment the worker is a host with one core: that of this number.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks import __main__ as door
from tasks.compute import catalog
from tasks.jobtypes import JOB_TYPES

#: environment variable with the folder of the sums
KERNEL_CPU = "BENCH_KERNEL_CPU"
#: environment variable with the number of the only core that the worker may use; unset: all
CORE = "BENCH_CORE"

#: jobs and CPU seconds, for each job type in the order of JOB_TYPES
_SUMS = struct.Struct("dd")
_TYPES = tuple(JOB_TYPES)

_compute = catalog.compute


@dataclass(frozen=True, kw_only=True, slots=True)
class KernelUse:
    """The use of one job type's kernel so far."""

    jobs: int
    cpu_s: float


def read(folder: Path) -> dict[str, KernelUse]:
    """The sums over all processes that ever computed, by job type."""
    jobs, seconds = dict.fromkeys(_TYPES, 0), dict.fromkeys(_TYPES, 0.0)
    for path in folder.iterdir():
        for job_type, (count, cpu_s) in zip(_TYPES, _SUMS.iter_unpack(path.read_bytes()), strict=True):
            jobs[job_type] += int(count)
            seconds[job_type] += cpu_s
    return {job_type: KernelUse(jobs=jobs[job_type], cpu_s=seconds[job_type]) for job_type in _TYPES}


def added(hosts: Iterable[Mapping[str, KernelUse]]) -> dict[str, KernelUse]:
    """The sums over several hosts, by job type."""
    uses = list(hosts)
    return {
        job_type: KernelUse(
            jobs=sum(use[job_type].jobs for use in uses), cpu_s=sum(use[job_type].cpu_s for use in uses)
        )
        for job_type in _TYPES
    }


def between(first: Mapping[str, KernelUse], last: Mapping[str, KernelUse]) -> dict[str, KernelUse]:
    """The use after the first reading and up to the last, by job type."""
    return {
        job_type: KernelUse(jobs=use.jobs - first[job_type].jobs, cpu_s=use.cpu_s - first[job_type].cpu_s)
        for job_type, use in last.items()
    }


class _Meter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sums: mmap.mmap | None = None

    def compute(self, job_type: str, data: Mapping[str, Any], *, job_id: str) -> Any:
        """The catalog's `compute`, measured."""
        started = time.thread_time()
        try:
            return _compute(job_type, data, job_id=job_id)
        finally:
            self._add(job_type, time.thread_time() - started)

    def _add(self, job_type: str, cpu_s: float) -> None:
        if self._sums is None:
            # only after the pool has forked, since each process has separate sums
            self._sums = _mapped(self._folder / str(os.getpid()))
        at = _TYPES.index(job_type) * _SUMS.size
        count, sum_s = _SUMS.unpack_from(self._sums, at)
        _SUMS.pack_into(self._sums, at, count + 1, sum_s + cpu_s)


def _mapped(path: Path) -> mmap.mmap:
    size = _SUMS.size * len(_TYPES)
    with path.open("w+b") as file:
        file.truncate(size)
        return mmap.mmap(file.fileno(), size)


if __name__ == "__main__":
    if CORE in os.environ:
        os.sched_setaffinity(0, {int(os.environ[CORE])})
    catalog.compute = _Meter(Path(os.environ[KERNEL_CPU])).compute
    sys.exit(door.main())
