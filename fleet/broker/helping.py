"""Decides which queues idle hosts help with although they don't qualify for them. Pure.

A host that waits for jobs of its own classes while others can't keep up with theirs would earn nothing meanwhile. The
others serve all queues below the one that waits, and perhaps some above it. So help with any queue relieves them, and
idle hosts help with all: with short jobs first, at which they lose least.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from tasks.job_queues import QUEUES
from tasks.jobtypes import LEVELS

#: at so many of so many looks messages must wait in a queue before idle hosts help with it
_WAITED, _LOOKS = 3, 5
#: looks in a row that must find no message before they help no more
_EASED = 10


class Helping:
    """Follows the queues from look to look."""

    def __init__(self) -> None:
        #: level of a queue → for each of the last looks, whether messages waited, and hosts of lower classes were idle
        self._seen: dict[int, deque[tuple[bool, bool]]] = {level: deque(maxlen=_EASED) for level in LEVELS[1:]}
        #: levels of the queues that idle hosts help with
        self._helped: set[int] = set()

    def look(self, lengths: Mapping[str, int], idle: Mapping[int, int]) -> int:
        """The level up to which every host may take jobs, after those of its own classes: the last, or the first.

        `lengths` are the messages in each queue, `idle` the number of idle processes by the level of their worker.
        """
        # while hosts help, short jobs of all classes wait in the first queue
        still_busy = bool(lengths.get(QUEUES[LEVELS[0]]))
        for level, seen in self._seen.items():
            waits = bool(lengths.get(QUEUES[level]))
            seen.append((waits, waits and any(count for other, count in idle.items() if other < level)))
            lately = [*seen][-_LOOKS:]
            if sum(waited for waited, _ in lately) >= _WAITED and any(free for _, free in lately):
                self._helped.add(level)
            elif not still_busy and not any(waited for waited, _ in seen):
                self._helped.discard(level)
        return LEVELS[-1] if self._helped else LEVELS[0]
