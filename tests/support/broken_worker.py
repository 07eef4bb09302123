"""`python -m tests.support.broken_worker` is `python -m tasks` on a host whose kernels fail, as BROKEN_WORKER says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from tasks import __main__ as door
from tasks.compute import catalog

_compute = catalog.compute
_KIND = os.environ["BROKEN_WORKER"]


def compute(job_type: str, data: Mapping[str, Any], *, job_id: str) -> Any:
    """Fail at every job, or at poisoned ones."""
    if _KIND == "raise" or (_KIND == "poison" and "poison" in data):
        raise ZeroDivisionError("a kernel divided by zero")
    if _KIND == "die":
        os._exit(3)
    if _KIND == "hang":
        while True:
            time.sleep(600)
    return _compute(job_type, data, job_id=job_id)


if __name__ == "__main__":
    catalog.compute = compute
    sys.exit(door.main())
