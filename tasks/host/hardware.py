"""This host's hardware: the cores, memory and GPUs that a worker can actually use."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

from tasks.host.cgroup import Groups, groups

GPU_TIMEOUT_S = 3.0

_GPU_QUERY = ("--query-gpu=name,memory.total", "--format=csv,noheader,nounits")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """One GPU."""

    #: the driver's name for it
    model: str
    #: memory in MB
    memory_mb: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """One host, as this process sees it."""

    #: number of cores usable at once, at least 1
    cpu_cores: int
    #: usable memory in MB; 0 where unknown
    memory_mb: int
    #: in the driver's order; empty without an NVIDIA driver
    gpus: tuple[Gpu, ...] = ()

    @property
    def gpu_memory_mb(self) -> int:
        """Memory of the largest GPU in MB, 0 without one."""
        return max((gpu.memory_mb for gpu in self.gpus), default=0)


def detect(own: Groups | None = None) -> Hardware:
    """This host's current hardware. Never raises: an unreadable limit counts as none, and so does an unreadable GPU.

    `own` are the control groups whose limits count, this process's by default. Runs `nvidia-smi` for at most 3 s, where
    it exists.
    """
    own = groups() if own is None else own
    return Hardware(cpu_cores=_cores(own), memory_mb=_memory_mb(own), gpus=_gpus())


def _cores(own: Groups) -> int:
    """The number of cores in the process's affinity, limited by the groups' quota, rounded down to at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = own.cpus()
    return max(1, cores if quota is None else min(cores, int(quota)))


def _memory_mb(own: Groups) -> int:
    """Physical memory in MB, limited by the groups; 0 where neither is known."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        physical = 0
    sizes = [size for size in (physical, own.memory_bytes() or 0) if size > 0]
    return min(sizes, default=0) // 2**20


def parse_gpus(listing: str) -> tuple[Gpu, ...]:
    """The GPUs in the output of `nvidia-smi`, one `model, MB` per line; other lines are skipped."""
    found = []
    for line in listing.splitlines():
        model, _, memory = line.rpartition(",")
        if model.strip() and memory.strip().isdecimal():
            found.append(Gpu(model=model.strip(), memory_mb=int(memory)))
    return tuple(found)


def _gpus() -> tuple[Gpu, ...]:
    command = shutil.which("nvidia-smi")
    if command is None:
        return ()
    try:
        answer = subprocess.run(
            [command, *_GPU_QUERY], capture_output=True, check=True, timeout=GPU_TIMEOUT_S, text=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_gpus(answer.stdout)
