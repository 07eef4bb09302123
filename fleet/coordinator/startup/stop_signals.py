"""The signals that stop a coordinator, and the one that has it read its settings again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from fleet.coordinator.inbox import Inbox, Stop
from fleet.miner.policy import NO_PAUSE
from tasks.host.hangup import stop_signals
from tasks.host.suspension import refuse_suspension


def stop_on_signals(inbox: Inbox, hang_up: Callable[[], None] | None = None) -> None:
    """Drain at the first signal, end the process at a second one of the same kind; the ledger survives both.

    A closed terminal only drains, even if the shell repeats its signal. Without a terminal, SIGHUP calls `hang_up`.
    """

    def on_signal(number: int, _frame: object) -> None:
        inbox.put(Stop(signal.Signals(number).name))
        if number == signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        else:
            signal.signal(number, lambda *_: os._exit(128 + number))

    for number in stop_signals():
        signal.signal(number, on_signal)
        if number == signal.SIGHUP and hang_up is not None and not _has_terminal():
            signal.signal(number, lambda *_: hang_up())
    refuse_suspension(NO_PAUSE)


def _has_terminal() -> bool:
    """Whether this process belongs to a terminal, whose end the system reports by SIGHUP."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
