"""Decides which queues idle hosts help with although they don't qualify for them. Pure.

A host that waits for jobs of its own classes while others can't keep up with theirs would earn nothing meanwhile. The
others serve all queues below the one that waits, and perhaps some above it. So help with any queue relieves them, and
idle hosts help with all: with short jobs first, at which they lose least.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.job_queues import QUEUES
from tasks.jobtypes import LEVELS

#: seconds for which messages must wait in a queue, at each look, before idle hosts help with it
_WAITED_S = 2.5


class Helping:
    """Follows the queues. Times are monotonic seconds."""

    def __init__(self) -> None:
        #: level of a queue → since when messages have waited in it
        self._since: dict[int, float] = {}
        #: levels of the queues that idle hosts help with
        self._helped: set[int] = set()

    def look(self, lengths: Mapping[str, int], idle: Mapping[int, int], now: float) -> int:
        """The level up to which every host may take jobs, after those of its own classes: the last, or the first.

        `lengths` are the messages in each queue, `idle` the number of idle processes by the level of their worker.
        """
        for level in LEVELS[1:]:
            if not lengths.get(QUEUES[level]):
                self._since.pop(level, None)
                self._helped.discard(level)
                continue
            waited_s = now - self._since.setdefault(level, now)
            # once they help they are idle no more
            if waited_s >= _WAITED_S and any(count for other, count in idle.items() if other < level):
                self._helped.add(level)
        return LEVELS[-1] if self._helped else LEVELS[0]
