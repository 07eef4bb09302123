"""`python -m tests.chaos.kernels` is `python -m tasks` that counts its kernel runs and can be told to go wrong.

The file that CHAOS_RUNS names gets `begun JOB` and `done JOB`, a line each. The file that CHAOS_ORDERS names holds the
orders, `Orders` as JSON, read again when it changes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks import __main__ as door
from tasks.compute import catalog
from tasks.worker.selftest import SELF_TEST

RUNS = "CHAOS_RUNS"
ORDERS = "CHAOS_ORDERS"

_compute = catalog.compute


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """What the kernels do besides computing."""

    #: shortest duration of a run, in seconds
    slow_s: float = 0.0
    #: which of POISONS strikes
    poison: str = ""
    #: share of the jobs that are struck, the same ones at each attempt
    share: float = 0.0
    #: the only worker host whose kernels are poisoned; empty for all hosts
    host: str = ""


def _raise() -> None:
    raise ZeroDivisionError("a kernel divided by zero")


def _segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _leave() -> None:
    os._exit(3)


def _loop() -> None:
    while True:
        try:
            time.sleep(600)
        except BaseException:  # noqa: BLE001, S112 - a kernel that clings to its process
            continue


def _devour() -> None:
    bytearray(1 << 40)


POISONS: dict[str, Callable[[], None]] = {
    "raise": _raise,
    "segfault": _segfault,
    "leave": _leave,
    "loop": _loop,
    "devour": _devour,
}


def is_struck(job_id: str, share: float) -> bool:
    """Whether a poisoned kernel strikes this job. The id decides, so that `share` of all jobs are struck."""
    return zlib.crc32(job_id.encode()) % 10_000 < share * 10_000


class _Kernels:
    def __init__(self) -> None:
        self._runs = os.open(os.environ[RUNS], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._orders = Path(os.environ[ORDERS])
        self._host = os.environ["FLEET_WORKER__NAME"]
        self._read_at = -1
        self._current = Orders()

    def compute(self, job_type: str, data: Mapping[str, Any], *, job_id: str) -> Any:
        """The catalog's `compute`, with each run recorded."""
        orders = self._read()
        if job_id == SELF_TEST:
            # whether this host's kernels are poisoned
            if orders.poison and orders.host == self._host and orders.host:
                POISONS[orders.poison]()
            return _compute(job_type, data, job_id=job_id)
        self._say("begun", job_id)
        if orders.poison and orders.host in {"", self._host} and is_struck(job_id, orders.share):
            POISONS[orders.poison]()
        time.sleep(orders.slow_s)
        result = _compute(job_type, data, job_id=job_id)
        self._say("done", job_id)
        return result

    def _say(self, word: str, job_id: str) -> None:
        # one write, so that lines of several processes don't mix
        os.write(self._runs, f"{word} {job_id}\n".encode())

    def _read(self) -> Orders:
        changed_at = self._orders.stat().st_mtime_ns
        if changed_at != self._read_at:
            self._read_at = changed_at
            self._current = Orders(**json.loads(self._orders.read_text()))
        return self._current


if __name__ == "__main__":
    catalog.compute = _Kernels().compute
    sys.exit(door.main())
