"""The signals that stop a coordinator."""

from __future__ import annotations

import os
import signal

from fleet.coordinator.inbox import Inbox, Stop
from fleet.miner.policy import NO_PAUSE
from tasks.host.hangup import stop_signals
from tasks.host.suspension import refuse_suspension


def stop_on_signals(inbox: Inbox) -> None:
    """Drain at the first signal, end the process at a second one of the same kind; the ledger survives both.

    A closed terminal only drains, even if the shell repeats its signal.
    """

    def on_signal(number: int, _frame: object) -> None:
        inbox.put(Stop(signal.Signals(number).name))
        if number == signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        else:
            signal.signal(number, lambda *_: os._exit(128 + number))

    for number in stop_signals():
        signal.signal(number, on_signal)
    refuse_suspension(NO_PAUSE)
