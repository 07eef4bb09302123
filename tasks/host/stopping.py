"""Whether and when a worker was asked to stop, shared with its pool's processes, which don't get the signal."""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
from collections.abc import Callable

#: how long to keep trying to store a job's outcome after the worker was asked to stop, in seconds
LAST_TRIES_S = 5.0
#: seconds beyond a kernel's time limit within which a worker that was asked to stop must have ended
_BEYOND_S = 15.0
_WORD = struct.Struct("d")
#: created before the pool forks, so that its processes share it
_asked_at = mmap.mmap(-1, _WORD.size)


def begin() -> None:
    """Record that this worker was asked to stop."""
    if not _read():
        _WORD.pack_into(_asked_at, 0, time.monotonic())


def asked() -> bool:
    """Whether this worker was asked to stop."""
    return _read() > 0


def gives_up() -> bool:
    """Whether to give up on results that Redis does not take, since the worker was asked to stop a while ago."""
    asked_at = _read()
    return asked_at > 0 and time.monotonic() - asked_at > LAST_TRIES_S


def end_within(time_limit_s: float, say: Callable[[float], None], code: int) -> None:
    """Start a thread that ends this process with exit code `code` if stopping takes longer than its jobs may.

    Just before that, the thread calls `say` with the seconds that it waited.
    """

    def end() -> None:
        patience_s = time_limit_s + _BEYOND_S
        time.sleep(patience_s)
        say(patience_s)
        os._exit(code)

    threading.Thread(target=end, name="last resort", daemon=True).start()


def _read() -> float:
    found: float = _WORD.unpack_from(_asked_at, 0)[0]
    return found
