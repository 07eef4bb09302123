"""Schedules requests for a miner's totals, and repeats them before a low total is believed. Pure.

A server may answer such a request from a copy of its books that lags behind. The totals in its answers to submissions
and heartbeats are up to date, since it has just written them.
"""

from __future__ import annotations

import random

from fleet.domain.turn import NEVER

#: pauses in seconds before a total that may lag is requested again; the total after the last pause is believed
_DOUBT_S = (1.0, 4.0, 10.0)


class Reconciling:
    """When a miner's total is compared: `every_s` apart while it mines, 0 for never. Times are monotonic seconds."""

    def __init__(self, every_s: float, rng: random.Random, now: float) -> None:
        self._every_s = every_s or NEVER
        #: time of the next request, spread so that many miners don't ask at once
        self.at = now + every_s * rng.uniform(0.5, 1.0) if every_s else NEVER
        self._doubts = 0
        #: number of payments booked when a total was last stated
        self._payments = 0

    @property
    def doubting(self) -> bool:
        """Whether the last total was too low to be believed at once; nothing is fetched until a total is believed."""
        return self._doubts > 0

    def believes(self, now: float, *, may_lag: bool, payments: int) -> bool:
        """Whether to believe a total stated now; if not, it is requested again soon.

        Doubt starts over if the number of `payments` has changed since the last total: the copy may lack the new one.
        """
        if payments != self._payments:
            self._doubts, self._payments = 0, payments
        self._doubts = self._doubts + 1 if may_lag and self._doubts < len(_DOUBT_S) else 0
        self.at = now + (_DOUBT_S[self._doubts - 1] if self._doubts else self._every_s)
        return not self._doubts

    def due(self, now: float, *, when: bool) -> None:
        """Request the total now if `when` is True, unless none are compared while mining."""
        if when and self._every_s < NEVER:
            self.at = now

    def failed(self, now: float) -> None:
        """Record that no total was stated, and wait for the next comparison."""
        self._doubts, self.at = 0, now + self._every_s
