"""Measured processes: each started with a log file, and read for CPU time and memory including all children."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil

from fleet.local.processes import Child
from tasks.host.blas import blas_variables

#: read by numpy's BLAS when it loads
ONE_THREAD = blas_variables()


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """CPU time and memory that a process and its children have used so far."""

    cpu_s: float
    rss_bytes: int


class Measured(Child):
    """A child process whose use can be read."""

    @property
    def pid(self) -> int:
        """The process's id. Raises ProcessLookupError if it was not started."""
        if self._process is None:
            raise ProcessLookupError(f"{self.name} was not started")
        return self._process.pid

    def use(self) -> Use:
        """CPU seconds since the start, including children that have ended, and current resident memory.

        Raises ProcessLookupError once the process has ended.
        """
        if self._process is None or self._process.poll() is not None:
            raise ProcessLookupError(f"{self.name} does not run\n{self.tail()}")
        root = psutil.Process(self._process.pid)
        cpu_s, rss_bytes = 0.0, 0
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                cpu_s += times.user + times.system
                if process is root:
                    cpu_s += times.children_user + times.children_system
                rss_bytes += process.memory_info().rss
        return Use(cpu_s=cpu_s, rss_bytes=rss_bytes)

    def wait(self, timeout_s: float) -> int:
        """Wait for the process to end, and return its exit code. Raises subprocess.TimeoutExpired."""
        if self._process is None:
            raise ProcessLookupError(f"{self.name} was not started")
        return self._process.wait(timeout_s)


def start(
    name: str,
    argv: Sequence[str],
    folder: Path,
    settings: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Measured:
    """Start a module (`-m` and `argv`) from the root of this checkout; its output goes to `folder/<name>.log`."""
    environ = clean_environ() | dict(settings or {})
    child = Measured(name, [python, "-m", *argv], log=folder / f"{name}.log", environ=environ)
    child.start()
    return child


def side_by_side() -> ProcessPoolExecutor:
    """A pool for simultaneous measurements.

    Its workers are processes, since a process that starts others must have no threads (`fleet.local.processes`).
    """
    return ProcessPoolExecutor(mp_context=get_context("spawn"))


def clean_environ() -> dict[str, str]:
    """The environment without the caller's settings. Python keeps its bytecode, as for a user."""
    dropped = ("FLEET_", "CELERY", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
