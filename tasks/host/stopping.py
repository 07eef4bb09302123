"""When a worker was asked to end, known in all of its processes: its pool's don't get the signal."""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
from collections.abc import Callable

#: seconds for which the end of a job is tried to be stored after the worker was asked to end
LAST_TRIES_S = 5.0
#: seconds beyond the time limit of a kernel after which a worker that was asked to end has to have ended
_BEYOND_S = 15.0
_WORD = struct.Struct("d")
#: made before the pool is forked, so that its processes share it
_asked_at = mmap.mmap(-1, _WORD.size)


def begin() -> None:
    """This worker was asked to end."""
    if not _read():
        _WORD.pack_into(_asked_at, 0, time.monotonic())


def gives_up() -> bool:
    """Whether what Redis does not take is given up: the worker was asked to end a while ago."""
    asked_at = _read()
    return asked_at > 0 and time.monotonic() - asked_at > LAST_TRIES_S


def end_within(time_limit_s: float, say: Callable[[float], None], code: int) -> None:
    """Start the thread that ends this process by `code` when the end takes longer than its jobs may; `say` is told."""

    def end() -> None:
        patience_s = time_limit_s + _BEYOND_S
        time.sleep(patience_s)
        say(patience_s)
        os._exit(code)

    threading.Thread(target=end, name="last resort", daemon=True).start()


def _read() -> float:
    found: float = _WORD.unpack_from(_asked_at, 0)[0]
    return found
