"""`python -m bench.metered_coordinator`: runs `python -m fleet`, and writes the CPU seconds of its threads to a file.

What page and metrics cost is measured where it arises. It is a share of the same process in the same seconds, so other
programs, which make two farms earn differently, don't change it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from fleet import __main__ as door
from fleet.coordinator.observing.metrics import MetricsObserver
from fleet.private_files import replace_private

#: environment variable with the file
THREADS_CPU = "BENCH_THREADS_CPU"
#: the part of the loop that counts events for the metrics, named as if it were a thread
EVENTS = "events"
#: one of so many calls is measured, since a look at the clock takes as long as what is measured
_SAMPLED = 7
#: seconds between two writings
_EVERY_S = 1.0


def read(file: Path) -> dict[str, float]:
    """CPU seconds by the name of the thread."""
    found: dict[str, float] = json.loads(file.read_text())
    return found


class _Meter:
    """Adds up the loop's time in the methods that count events, and writes it beside the threads' times."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._events_s, self._calls = 0.0, 0

    def metered(self, method: Callable[..., None]) -> Callable[..., None]:
        """The method, measured."""

        def measured(*given: Any) -> None:
            self._calls += 1
            if self._calls % _SAMPLED:
                method(*given)
                return
            began = time.thread_time()
            method(*given)
            self._events_s += (time.thread_time() - began) * _SAMPLED

        return measured

    def run(self) -> None:
        """Write the sums again and again."""
        while True:
            used = _threads_s()
            replace_private(self._file, json.dumps(used | {EVENTS: self._events_s}))
            time.sleep(_EVERY_S)


def _threads_s() -> dict[str, float]:
    names = {one.native_id: one.name for one in threading.enumerate()}
    used = {names.get(one.id, f"{one.id}"): one.user_time + one.system_time for one in psutil.Process().threads()}
    return {name: float(seconds) for name, seconds in used.items()}


if __name__ == "__main__":
    meter = _Meter(Path(os.environ[THREADS_CPU]))
    for name in ("saw", "ended", "committed"):
        setattr(MetricsObserver, name, meter.metered(getattr(MetricsObserver, name)))
    threading.Thread(target=meter.run, name="meter", daemon=True).start()
    sys.exit(door.main())
