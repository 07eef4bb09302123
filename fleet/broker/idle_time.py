"""For how long the processes of each host were idle while jobs waited for other hosts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

#: most hosts that are remembered, since workers may invent names
_MOST_HOSTS = 256
#: longest time between two looks that is counted, in seconds
_MOST_S = 5.0


class IdleTime:
    """Adds up what the looks at Redis showed. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        #: when the last look was, if jobs waited then; else None
        self._waited_at: float | None = None

    @property
    def by_host(self) -> Mapping[str, float]:
        """Seconds by host, summed over its processes."""
        return dict(self._seconds)

    def look(self, free: Mapping[str, int] | None, waiting: int | None, now: float) -> None:
        """Free processes by host, and messages in all queues; None for what is not known.

        Free processes count once jobs have waited at two looks in a row: a message may just be on its way to a worker.
        """
        if free is None or not waiting:
            self._waited_at = None
            return
        before, self._waited_at = self._waited_at, now
        if before is None:
            return
        for host, number in free.items():
            if host in self._seconds or len(self._seconds) < _MOST_HOSTS:
                self._seconds[host] = self._seconds.get(host, 0.0) + number * min(now - before, _MOST_S)
