"""Slows down a miner's fetches when its jobs can't be computed or are not paid. Pure."""

from __future__ import annotations

import random

from fleet.miner.backoff import Backoff

#: unpaid jobs in a row before fetches slow down
_UNPAID_IN_A_ROW = 8


class FetchPause:
    """The pause between fetches, which grows with each useless job. Times are monotonic seconds."""

    def __init__(self, backoff: Backoff, rng: random.Random) -> None:
        self._backoff = backoff
        self._rng = rng
        self._refusals = 0
        #: number of jobs in a row that ended without pay
        self._unpaid = 0
        #: earliest time of the next fetch
        self.until = 0.0

    def useful(self) -> None:
        """Record a job that can be computed."""
        self._refusals = 0

    def insisted(self, now: float) -> None:
        """Record that the server insists on a job that it refuses: faster fetches would not help."""
        self._refusals += 1
        self.until = now + self._backoff.delay_s(self._refusals, self._rng)

    def paid(self) -> None:
        """Record a paid job."""
        self._unpaid = 0

    def unpaid(self, now: float) -> None:
        """Record a job that ended without pay. After several in a row, fetches slow down."""
        self._unpaid += 1
        if self._unpaid > _UNPAID_IN_A_ROW:
            self.until = now + self._backoff.delay_s(self._unpaid - _UNPAID_IN_A_ROW, self._rng)

    def over(self) -> None:
        """End the pause."""
        self.until = 0.0
