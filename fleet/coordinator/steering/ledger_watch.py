"""Threads that look at the ledger twice a second, beside the coordinator's own writer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from fleet.errors import LedgerError
from fleet.threads import RepeatingThread

#: seconds between two looks
_LOOK_S = 0.5
#: a database that hangs blocks the thread for as long as its driver waits
_PATIENCE_S = 120.0


def ledger_watch(
    name: str,
    look: Callable[[], None],
    *,
    there: Callable[[], bool] = lambda: True,
    wait: Callable[[float], bool] | None = None,
) -> RepeatingThread:
    """A thread that looks again and again, once it is started; `there` is whether the ledger's file is in its place.

    It survives a LedgerError: the coordinator's writer meets the same error, reports it, and decides what follows.
    """

    def look_if_there() -> None:
        # without its file, SQLite would create an empty one
        if there():
            with contextlib.suppress(LedgerError):
                look()

    return RepeatingThread(name, look_if_there, every_s=_LOOK_S, patience_s=_PATIENCE_S, wait=wait)
