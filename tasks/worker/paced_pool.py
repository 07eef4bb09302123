"""Pool processes that rest between two jobs, so that the worker keeps to its share of the CPU."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from celery.concurrency import asynpool

from tasks.host import stopping
from tasks.host.cpu_share import Rest

#: seconds between two looks whether the worker was asked to stop
_SLICE_S = 0.2


def pace(share: float, processes: int) -> None:
    """Let each pool process that is started from now on use `share` of a core, of `processes` that there are."""

    class PacedWorker(asynpool.Worker):  # type: ignore[misc]  # celery ships no types
        """Rests before it waits for a job: its last result is stored, and no time limit of the next one has begun."""

        wait_for_job: Callable[[], Any]

        def _make_child_methods(self, *arguments: Any) -> None:
            super()._make_child_methods(*arguments)
            self.wait_for_job = _rested(self.wait_for_job, share, processes)

    asynpool.AsynPool.Worker = PacedWorker


def _rested(wait_for_job: Callable[[], Any], share: float, processes: int) -> Callable[[], Any]:
    parent = os.getppid()

    def used() -> float:
        return time.process_time() + _cpu_of(parent) / processes

    rest = Rest(share, cpu=used(), now=time.monotonic())

    def receive() -> Any:
        ends_at = time.monotonic() + rest.due_s(cpu=used(), now=time.monotonic())
        while (left := ends_at - time.monotonic()) > 0 and not stopping.asked():
            time.sleep(min(left, _SLICE_S))
        return wait_for_job()

    return receive


def _cpu_of(pid: int) -> float:
    """CPU seconds that a process has used; 0 where the system does not say."""
    try:
        # Linux's number for the CPU clock of another process, as clock_getcpuclockid(3) makes it
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, OverflowError):
        return 0.0
