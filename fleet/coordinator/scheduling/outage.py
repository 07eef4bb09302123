"""Whether the server is unavailable, and which miner may call it meanwhile. Pure.

If each miner waited out its own growing backoff, they would return one by one, the last a minute after the server. So
during an outage the whole farm makes one call every second or two, whichever miner it is from. The first answer ends
all waits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection

from fleet.domain.turn import NEVER
from fleet.miner.backoff import Backoff

#: number of failed calls in a row that makes an outage; they must come from this many miners, or from all if there are
#: fewer
_CALLS = 3
#: how long a miner's failures are ignored after it failed while others got answers, in seconds
_FLAWED_S = 300.0
#: seconds without an answer before the server counts as unavailable
_SILENT_S = 1.0
#: the longest pause between two calls of the whole farm, in seconds
_PAUSE_S = 2.0


class Outage:
    """Counts failed calls since the last answer. Times are monotonic seconds."""

    def __init__(
        self, callers: Callable[[], Collection[str]], backoff: Backoff, rng: random.Random, now: float
    ) -> None:
        #: gives the ids of the miners that make calls: a closed one can't fail
        self._callers = callers
        cap_s = max(backoff.floor_s, min(backoff.cap_s, _PAUSE_S))
        self._backoff = Backoff(floor_s=backoff.floor_s, cap_s=cap_s)
        self._rng = rng
        self._answered_at = now
        self._failures = 0
        #: miners whose calls have failed since the last answer
        self._failed: set[str] = set()
        #: until when each miner's failures are blamed on the miner, not the server
        self._flawed: dict[str, float] = {}
        self._asked = 0
        #: when the next call may be made; -inf while the server answers
        self.asks_at = -NEVER

    @property
    def known(self) -> bool:
        """Whether the server is unavailable."""
        return self.asks_at > -NEVER

    def failed(self, miner_id: str, now: float) -> None:
        """Record that a miner's call got no answer."""
        self._failures += 1
        self._failed.add(miner_id)
        silent = now - self._answered_at >= _SILENT_S
        if not self.known and silent and self._failures >= _CALLS and self._concerns_all(now):
            self._asked = 0
            self.asked(now)

    def _concerns_all(self, now: float) -> bool:
        """Whether enough miners failed to blame the server.

        Miners that fail on their own don't count, unless all of them do: then all must have failed.
        """
        callers = self._failed.union(self._callers())
        flawed = {miner_id for miner_id in callers if self._flawed.get(miner_id, now) > now}
        if flawed == callers:
            return flawed == self._failed
        return len(self._failed - flawed) >= min(_CALLS, len(callers - flawed))

    def answered(self, now: float) -> bool:
        """Record that a miner's call got an answer, even a refusal. Returns whether this ends an outage."""
        was_known = self.known
        if not was_known:
            self._flawed.update(dict.fromkeys(self._failed, now + _FLAWED_S))
        self._answered_at, self.asks_at = now, -NEVER
        self._failures = 0
        self._failed.clear()
        return was_known

    def asked(self, now: float) -> None:
        """Record a call, or that no miner had one to make; the next one comes after a pause."""
        self._asked += 1
        self.asks_at = now + self._backoff.delay_s(self._asked, self._rng)
