"""Counts and sums of the last minutes, by key: by miner, by job type, by host. Pure; times are monotonic seconds."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from fleet.domain.amounts import ZERO

_MINUTE_S = 60.0
#: number of whole minutes that count, in addition to the current one
MINUTES = 5


class Recent:
    """Sums over the last five minutes and the current one. A key without additions in that time is dropped."""

    def __init__(self, now: float) -> None:
        #: the minutes, oldest first, each with number and NNET by key
        self._minutes: deque[tuple[int, dict[str, tuple[int, Decimal]]]] = deque([(int(now // _MINUTE_S), {})])
        self._sums: dict[str, tuple[int, Decimal]] = {}
        #: number and NNET of all keys
        self.total: tuple[int, Decimal] = (0, ZERO)

    def add(self, key: str, number: int, amount: Decimal, now: float) -> None:
        """Add `number` things worth `amount` NNET; `now` may lie in a past minute."""
        minute = int(now // _MINUTE_S)
        newest, row = self._minutes[-1]
        if minute > newest:
            row = {}
            self._minutes.append((minute, row))
        elif minute < newest:
            if minute < newest - MINUTES:
                return
            row = next((row for at, row in reversed(self._minutes) if at <= minute), self._minutes[0][1])
        row[key] = _plus(row.get(key), number, amount)
        self._sums[key] = _plus(self._sums.get(key), number, amount)
        self.total = _plus(self.total, number, amount)

    def expire(self, now: float) -> set[str]:
        """Drop what is too old. Returns the keys whose sums changed."""
        oldest = int(now // _MINUTE_S) - MINUTES
        changed: set[str] = set()
        if self._minutes[-1][0] < int(now // _MINUTE_S):
            self._minutes.append((int(now // _MINUTE_S), {}))
        while self._minutes[0][0] < oldest:
            for key, (number, amount) in self._minutes.popleft()[1].items():
                changed.add(key)
                left = _plus(self._sums[key], -number, -amount)
                self.total = _plus(self.total, -number, -amount)
                if left[0]:
                    self._sums[key] = left
                else:
                    del self._sums[key]
        return changed

    def of(self, key: str) -> tuple[int, Decimal]:
        """Number and NNET of a key."""
        return self._sums.get(key, (0, ZERO))

    @staticmethod
    def span_s(since: float, now: float) -> float:
        """The number of seconds that the sums cover, for a farm that counts since `since`."""
        return max(min(now - since, MINUTES * _MINUTE_S + now % _MINUTE_S), 1.0)


def _plus(known: tuple[int, Decimal] | None, number: int, amount: Decimal) -> tuple[int, Decimal]:
    return (number, amount) if known is None else (known[0] + number, known[1] + amount)
