"""Waits for a busy ledger at the start and the end of a coordinator, when waiting costs no session."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from fleet.errors import LedgerBusy

#: seconds until the coordinator gives up on a busy ledger, until the first message about it, and between messages
_AT_MOST_S, _SAID_AFTER_S, _SAID_AGAIN_S = 60.0, 1.5, 10.0
_PAUSE_S = 0.2

T = TypeVar("T")


def when_free(action: Callable[[], T], say: Callable[[str], None]) -> T:
    """The result of `action`, which is retried until the ledger is free; `say` gets a line when that takes long.

    Raises LedgerBusy after a minute.
    """
    began = time.monotonic()
    said_at = began + _SAID_AFTER_S
    while True:
        try:
            return action()
        except LedgerBusy as exc:
            now = time.monotonic()
            if now > began + _AT_MOST_S:
                raise
            if now >= said_at:
                said_at = now + _SAID_AGAIN_S
                say(f"[WARN]   {exc}; waiting for it")
        time.sleep(_PAUSE_S)
