"""Keeps the coordinator's threads on one processor core."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys


def stay_on_one_core() -> None:
    """Keep this thread, and those that it starts, on its current core, if the system allows it.

    Only one thread runs Python at a time, and waking the next one on another core costs more than continuing on the
    same one: up to a tenth of the jobs per second (docs/performance.md).
    """
    if sys.platform == "linux":
        # a sandbox may forbid it, which does not stop the mining
        with contextlib.suppress(OSError, ValueError):
            os.sched_setaffinity(0, {ctypes.CDLL(None).sched_getcpu()})
