"""What this host has: cores, memory and GPUs that a worker may really use."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
GPU_TIMEOUT_S = 3.0

_GPU_QUERY = ("--query-gpu=name,memory.total", "--format=csv,noheader,nounits")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """One GPU."""

    #: as the driver names it
    model: str
    #: MB
    memory_mb: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """One host, as seen from this process."""

    #: cores that the process may use at once, at least 1
    cpu_cores: int
    #: MB that the process may use, 0 where that can't be told
    memory_mb: int
    #: in the driver's order; empty without an NVIDIA driver
    gpus: tuple[Gpu, ...] = ()

    @property
    def gpu_memory_mb(self) -> int:
        """Memory of the largest GPU in MB, 0 without one."""
        return max((gpu.memory_mb for gpu in self.gpus), default=0)


def detect() -> Hardware:
    """What this host has, now. Never raises: what can't be read counts as no limit, and as no GPU.

    Runs `nvidia-smi` where there is one, for at most 3 s. Of control groups only version 2 is read, and only the
    group that the process sees as root, as in a container; limits set further in (a systemd slice) are not seen.
    """
    return Hardware(cpu_cores=usable_cores(CGROUP), memory_mb=usable_memory_mb(CGROUP), gpus=_gpus())


def usable_cores(cgroup: Path) -> int:
    """Cores of the process's affinity, cut to the group's CPU quota (rounded down, at least 1)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _text(cgroup / "cpu.max").partition(" ")
    if quota.isdecimal() and period.isdecimal() and int(period):
        cores = min(cores, int(quota) // int(period))
    return max(1, cores)


def usable_memory_mb(cgroup: Path) -> int:
    """Physical memory in MB, cut to the group's limit; 0 where neither can be told."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        physical = 0
    limit = _text(cgroup / "memory.max")
    sizes = [size for size in (physical, int(limit) if limit.isdecimal() else 0) if size > 0]
    return min(sizes, default=0) // 2**20


def parse_gpus(listing: str) -> tuple[Gpu, ...]:
    """The GPUs in the answer of `nvidia-smi`, one `model, MB` a line; other lines are skipped."""
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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
