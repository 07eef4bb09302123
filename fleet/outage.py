"""Whether the server answers anybody, and who may ask while it does not. Pure.

Miners that each wait their own growing backoff out come back one by one, the last a minute after the server. So while
nobody is answered, the farm asks as one: a call every second or two, whoever makes it. The first answer ends all waits.
"""

from __future__ import annotations

import random

from fleet.backoff import Backoff

NEVER = float("inf")
#: failed calls in a row, of different miners where there are that many, that no answer came between
_CALLS = 3
#: seconds without an answer, before the server counts as away
_SILENT_S = 1.0
#: the longest pause between two calls of the whole farm, in seconds
_PAUSE_S = 2.0


class Outage:
    """Counts what fails between two answers. Times are monotonic seconds."""

    def __init__(self, miners: int, backoff: Backoff, rng: random.Random, now: float) -> None:
        self._miners = miners
        cap_s = max(backoff.floor_s, min(backoff.cap_s, _PAUSE_S))
        self._backoff = Backoff(floor_s=backoff.floor_s, cap_s=cap_s)
        self._rng = rng
        self._answered_at = now
        self._failures = 0
        #: who has failed since the last answer, up to as many as it takes
        self._failed: set[str] = set()
        self._asked = 0
        #: when the next call may be made, -inf while the server answers
        self.asks_at = -NEVER

    @property
    def known(self) -> bool:
        """Whether the server is away."""
        return self.asks_at > -NEVER

    def failed(self, miner_id: str, now: float) -> None:
        """A miner's call was not answered, and it waits."""
        self._failures += 1
        if len(self._failed) < _CALLS:
            self._failed.add(miner_id)
        silent = now - self._answered_at >= _SILENT_S
        if not self.known and silent and self._failures >= _CALLS and len(self._failed) >= min(_CALLS, self._miners):
            self._asked = 0
            self.asked(now)

    def answered(self, now: float) -> bool:
        """A miner's call was answered, be it by a refusal; whether this ends an outage."""
        was_known = self.known
        self._answered_at, self.asks_at = now, -NEVER
        self._failures = 0
        self._failed.clear()
        return was_known

    def asked(self, now: float) -> None:
        """A call was made, or nobody had one to make: the next one comes after a pause."""
        self._asked += 1
        self.asks_at = now + self._backoff.delay_s(self._asked, self._rng)
