"""Queues of miners by the urgency of their next call, and timers for when to look at each again. Pure."""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterator, Set

from fleet.domain.calls import Urgency
from fleet.domain.turn import NEVER


class Queues:
    """One queue per urgency. A miner keeps its place in one while it has a more urgent call. Times are monotonic."""

    def __init__(self) -> None:
        self._ready: dict[Urgency, OrderedDict[str, None]] = {urgency: OrderedDict() for urgency in Urgency}
        self._urgencies: dict[str, Urgency] = {}
        self._timers: list[tuple[float, int, str]] = []
        #: the earliest timer of each miner; later ones are set when it fires
        self._wakes: dict[str, float] = {}
        self._numbers = itertools.count()

    @property
    def wakes_at(self) -> float:
        """When the next timer fires."""
        return self._timers[0][0] if self._timers else NEVER

    def put(self, miner_id: str, urgency: Urgency) -> None:
        """Queue the miner for a call of this urgency."""
        if self._urgencies.get(miner_id) is not urgency:
            self._urgencies[miner_id] = urgency
            self._ready[urgency].setdefault(miner_id)

    def drop(self, miner_id: str) -> None:
        """Remove the miner, which has no call to make."""
        self._urgencies.pop(miner_id, None)

    def waits(self, urgency: Urgency) -> bool:
        """Whether a miner may be waiting for a call of this urgency."""
        return bool(self._ready[urgency])

    def take(self, urgency: Urgency) -> str | None:
        """The miner that has waited longest for a call of this urgency."""
        queue = self._ready[urgency]
        while queue:
            miner_id, _ = queue.popitem(last=False)
            if self._urgencies.get(miner_id) is urgency:
                del self._urgencies[miner_id]
                return miner_id
        return None

    def only(self, urgencies: Set[Urgency]) -> bool:
        """Whether no miner waits for a call of any other urgency."""
        return all(urgency in urgencies for urgency in self._urgencies.values())

    def wake(self, miner_id: str, at: float, now: float) -> None:
        """Look at the miner again at this time, unless it is looked at before."""
        if at < self._wakes.get(miner_id, NEVER):
            self._wakes[miner_id] = at
            heapq.heappush(self._timers, (max(at, now), next(self._numbers), miner_id))

    def due(self, now: float) -> Iterator[str]:
        """The miners whose timers fire, including timers that are set during the iteration."""
        while self._timers and self._timers[0][0] <= now:
            miner_id = heapq.heappop(self._timers)[2]
            self._wakes.pop(miner_id, None)
            yield miner_id
