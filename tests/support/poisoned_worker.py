"""`python -m tests.support.poisoned_worker` is `python -m tasks` whose kernels fail on demand.

No payload makes the real kernels raise, hang or die, so jobs with `poison` in their `data` do. Other jobs are computed
as usual.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tasks import __main__ as door
from tasks.compute import catalog

_compute = catalog.compute


def _raise(_data: Mapping[str, Any]) -> None:
    raise ZeroDivisionError("a kernel divided by zero")


def _sleep(_data: Mapping[str, Any]) -> None:
    time.sleep(600)


def _cling(_data: Mapping[str, Any]) -> None:
    """Ignore the soft limit."""
    while True:
        try:
            time.sleep(600)
        except BaseException:  # noqa: BLE001, S112 - what a soft limit raises is caught on purpose
            continue


def _die(_data: Mapping[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _leave(_data: Mapping[str, Any]) -> None:
    os._exit(3)


def _devour(_data: Mapping[str, Any]) -> None:
    bytearray(1 << 46)


def _hoard(_data: Mapping[str, Any]) -> None:
    """Allocate a gigabyte, where less is allowed."""
    b"x" * (1 << 30)


def _bloat(_data: Mapping[str, Any]) -> dict[str, Any]:
    return {"results_hash": "x" * 1_000_000}


def _linger(data: Mapping[str, Any]) -> dict[str, Any]:
    """Report that it has begun, and take a while."""
    Path(data["begun"]).touch()
    time.sleep(float(data["seconds"]))
    return {"results_hash": "lingered"}


POISONS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]] = {
    "raise": _raise,
    "sleep": _sleep,
    "cling": _cling,
    "die": _die,
    "leave": _leave,
    "devour": _devour,
    "hoard": _hoard,
    "bloat": _bloat,
    "linger": _linger,
}


def compute(job_type: str, data: Mapping[str, Any], *, job_id: str) -> Any:
    """The catalog's `compute`, except for poisoned jobs."""
    poison = POISONS.get(str(data.get("poison")))
    return _compute(job_type, data, job_id=job_id) if poison is None else poison(data)


if __name__ == "__main__":
    catalog.compute = compute
    sys.exit(door.main())
