"""When the server is asked for a miner's totals, and when it is asked again before it is believed. Pure.

A server may answer this from a copy of its books that lags behind. What it states in the answer to a submission or a
heartbeat it has just written itself.
"""

from __future__ import annotations

import random

from fleet.domain.turn import NEVER

#: pauses before a total that may lag behind is asked for again; the one after the last is believed
_DOUBT_S = (1.0, 4.0, 10.0)


class Audits:
    """Times are monotonic seconds; `every_s` of them lie between two comparisons, 0 for none while it mines."""

    def __init__(self, every_s: float, rng: random.Random, now: float) -> None:
        self._every_s = every_s or NEVER
        #: from when on the totals are asked for; spread, so that many miners don't ask at once
        self.at = now + every_s * rng.uniform(0.5, 1.0) if every_s else NEVER
        self._doubts = 0
        #: payments that were booked when a total was stated last
        self._payments = 0

    @property
    def doubting(self) -> bool:
        """Whether the last total was too low to be believed at once; nothing is fetched until it is."""
        return self._doubts > 0

    def believes(self, now: float, *, may_lag: bool, payments: int) -> bool:
        """Whether a total is to be believed that was stated now; otherwise it is asked for again soon.

        A doubt begins anew where another of the `payments` was booked meanwhile: the copy may lack that one.
        """
        if payments != self._payments:
            self._doubts, self._payments = 0, payments
        self._doubts = self._doubts + 1 if may_lag and self._doubts < len(_DOUBT_S) else 0
        self.at = now + (_DOUBT_S[self._doubts - 1] if self._doubts else self._every_s)
        return not self._doubts

    def due(self, now: float, *, when: bool) -> None:
        """Ask now, `when` a total is wanted and comparisons are made while it mines."""
        if when and self._every_s < NEVER:
            self.at = now

    def failed(self, now: float) -> None:
        """Nothing was stated: the next comparison will tell."""
        self._doubts, self.at = 0, now + self._every_s
