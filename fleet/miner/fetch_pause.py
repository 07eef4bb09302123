"""How long a miner waits before it fetches another job, when what it is given brings it nothing. Pure."""

from __future__ import annotations

import random

from fleet.miner.backoff import Backoff

#: jobs in a row that may end unpaid before the next one is fetched more slowly
_UNPAID_IN_A_ROW = 8


class FetchPause:
    """Waits longer after each job that is of no use. Times are monotonic seconds."""

    def __init__(self, backoff: Backoff, rng: random.Random) -> None:
        self._backoff = backoff
        self._rng = rng
        self._refusals = 0
        #: jobs in a row of which the server said that it pays nothing for them
        self._unpaid = 0
        #: no fetch before this
        self.until = 0.0

    def useful(self) -> None:
        """A job came that can be computed."""
        self._refusals = 0

    def insisted(self, now: float) -> None:
        """The server insists on a job that it refuses: asking faster helps nobody."""
        self._refusals += 1
        self.until = now + self._backoff.delay_s(self._refusals, self._rng)

    def paid(self) -> None:
        """A job was paid."""
        self._unpaid = 0

    def unpaid(self, now: float) -> None:
        """The server said what became of a job, and paid nothing: where it does so each time, more are of no use."""
        self._unpaid += 1
        if self._unpaid > _UNPAID_IN_A_ROW:
            self.until = now + self._backoff.delay_s(self._unpaid - _UNPAID_IN_A_ROW, self._rng)
