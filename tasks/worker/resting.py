"""Pool processes rest before a job for what they have used beyond their share of the CPU."""

from __future__ import annotations

import os
import time
from typing import Any

from celery.signals import worker_process_init

from tasks.host import stopping
from tasks.host.cpu_share import Rest
from tasks.host.cpu_time import cpu_s

#: seconds between two looks whether the worker was asked to stop
_SLICE_S = 0.2


class Resting:
    """What this process has to rest; nothing where its worker may use the whole CPU."""

    def __init__(self) -> None:
        self._rest: Rest | None = None
        self._worker = self._processes = 0

    def begin(self, share: float, processes: int, most_s: float) -> None:
        """This is one of so many processes. Each may use `share` of a core, and rest `most_s` seconds at a time."""
        self._worker, self._processes = os.getppid(), processes
        self._rest = Rest(share, cpu=self._used(), now=time.monotonic(), most_s=most_s)

    def before_job(self) -> None:
        """Rest if that is due. It counts in the time limits of the job."""
        if self._rest is None:
            return
        ends_at = time.monotonic() + self._rest.due_s(cpu=self._used(), now=time.monotonic())
        while (left := ends_at - time.monotonic()) > 0 and not stopping.asked():
            time.sleep(min(left, _SLICE_S))

    def _used(self) -> float:
        # the worker's main process works for all of them
        return time.process_time() + cpu_s(self._worker) / self._processes


#: this process's
resting = Resting()


def pace(share: float, processes: int, most_s: float) -> None:
    """Let each pool process that is started from now on rest, as `Resting.begin` says."""

    def begin(**_: Any) -> None:
        resting.begin(share, processes, most_s)

    worker_process_init.connect(begin, weak=False)
