"""How a miner waits after failed calls. Pure."""

from __future__ import annotations

import random

from fleet.backoff import Backoff
from fleet.errors import CallError, NotRegistered, ServerFault, SessionLost


class Patience:
    """Counts failed calls in a row. Times are monotonic seconds."""

    def __init__(self, backoff: Backoff, rng: random.Random, now: float) -> None:
        self._backoff = backoff
        self._rng = rng
        self._failures = 0
        #: no call before this
        self.until = now

    def answered(self) -> None:
        """A call brought what it asked for, or said what became of a job."""
        self._failures = 0

    def asks_again(self, error: CallError, *, first: bool, registering: bool) -> bool:
        """Whether to ask at once, and without a word, if the deed is done.

        Releases that answer 500 after the deed do so each time (PROTOCOL, surprise 1).
        """
        if not (first and isinstance(error, ServerFault)) or self._failures:
            return False
        # a second registration that fails does count; each job is submitted a first time but once
        self._failures = int(registering)
        return True

    def hold(self, error: CallError, now: float) -> None:
        """Wait before the next call: longer after each failure in a row. Calls that fail together are one failure."""
        if now < self.until:
            return
        self._failures += 1
        if self._failures == 1 and isinstance(error, NotRegistered | SessionLost):
            return
        self.until = now + self._backoff.delay_s(self._failures, self._rng)

    def over(self) -> None:
        """Wait no longer."""
        self.until = 0.0
