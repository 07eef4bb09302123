"""Whether the server answers anybody, and who may ask while it does not. Pure.

Miners that each wait their own growing backoff out come back one by one, the last a minute after the server. So while
nobody is answered, the farm asks as one: a call every second or two, whoever makes it. The first answer ends all waits.
"""

from __future__ import annotations

import random

from fleet.domain.turn import NEVER
from fleet.miner.backoff import Backoff

#: failed calls in a row that no answer came between, and miners that they are of, where there are that many
_CALLS = 3
#: for how long a miner's failures say nothing after it failed while others were answered, in seconds
_FLAWED_S = 300.0
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
        #: who has failed since the last answer
        self._failed: set[str] = set()
        #: until when each miner counts as one that fails by itself
        self._flawed: dict[str, float] = {}
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
        self._failed.add(miner_id)
        silent = now - self._answered_at >= _SILENT_S
        if not self.known and silent and self._failures >= _CALLS and self._concerns_all(now):
            self._asked = 0
            self.asked(now)

    def _concerns_all(self, now: float) -> bool:
        """Whether enough miners have failed that do not fail by themselves; all, where none are of that kind."""
        flawed = {miner_id for miner_id, until in self._flawed.items() if until > now}
        sound = len(self._failed - flawed)
        if len(flawed) == self._miners:
            return flawed == self._failed
        return sound >= min(_CALLS, self._miners - len(flawed))

    def answered(self, now: float) -> bool:
        """A miner's call was answered, be it by a refusal; whether this ends an outage."""
        was_known = self.known
        if not was_known:
            self._flawed.update(dict.fromkeys(self._failed, now + _FLAWED_S))
        self._answered_at, self.asks_at = now, -NEVER
        self._failures = 0
        self._failed.clear()
        return was_known

    def asked(self, now: float) -> None:
        """A call was made, or nobody had one to make: the next one comes after a pause."""
        self._asked += 1
        self.asks_at = now + self._backoff.delay_s(self._asked, self._rng)
