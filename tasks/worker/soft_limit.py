"""The soft time limit, which interrupts a kernel and nothing else.

billiard announces the limit by a signal, and raises `SoftTimeLimitExceeded` wherever a pool process happens to be. In
the middle of a message to the worker's main process, that would cut the message short. The main process would then
take the next message's bytes for the missing ones, and end.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded


class SoftLimit:
    """One pool process's soft time limit."""

    def __init__(self) -> None:
        self._interruptible = False
        #: whether the limit was reached between two kernels, and has interrupted none yet
        self._due = False

    def begin(self) -> None:
        """Begin a task, whose limit is not reached yet. Only a process's main thread may call this."""
        self._due = False
        # each time, since billiard sets its own handler after a worker's start has run ours
        signal.signal(signal.SIGUSR1, self._on_signal)

    @contextmanager
    def interrupts(self) -> Iterator[None]:
        """Raise SoftTimeLimitExceeded in this block when the limit is reached, or at once if it was before."""
        try:
            self._interruptible = True
            if self._due:
                self._due = False
                raise SoftTimeLimitExceeded
            yield
        finally:
            self._interruptible = False

    def _on_signal(self, _number: int, _frame: Any) -> None:
        if self._interruptible:
            raise SoftTimeLimitExceeded
        self._due = True


soft_limit = SoftLimit()
