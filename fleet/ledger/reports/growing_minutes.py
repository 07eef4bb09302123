"""Reads what was paid minute by minute for a chart that grows: of the newest minutes, each entry is read once."""

from __future__ import annotations

from collections.abc import Collection

from fleet.ledger.reports.entry_range import entry_range
from fleet.ledger.reports.history import MINUTE_MS, MinuteSums, Paid, minutes, plus, rows_of, sums_of
from fleet.ledger.storage.places import LedgerPlace

#: later than every payment, in UTC milliseconds
_EVER_MS = 1 << 62


class GrowingMinutes:
    """Answers as `minutes` does, and keeps what it read of the newest period that it was asked for.

    Later entries have higher numbers, also where the clock was set back between them. So an entry that is kept is not
    read again while each period begins where the one before did, or later. An earlier one is read as a whole.
    """

    def __init__(self, place: LedgerPlace, accounts: Collection[str]) -> None:
        self._place, self._accounts = place, accounts
        self._kept: MinuteSums = {}
        #: the first moment that is kept, None before the first reading, and the number of the last entry that was read
        self._since_ms: int | None = None
        self._last = 0

    def __call__(self, since_ms: int, until_ms: int) -> list[Paid]:
        """What was booked from `since_ms` to before `until_ms`, whole minutes in UTC milliseconds, oldest first.

        Raises LedgerError when the ledger can't be read.
        """
        kept_ms = self._since_ms
        if kept_ms is not None and until_ms <= kept_ms:
            return minutes(self._place, self._accounts, since_ms, until_ms)
        grows = kept_ms is not None and since_ms >= kept_ms
        last, kept = (self._last, self._kept) if grows else (0, {})
        low, high = entry_range(self._place, since_ms, until_ms)
        new = sums_of(self._place, self._accounts, (max(low, last), high), (since_ms, _EVER_MS))
        kept = {key: sums for key, sums in kept.items() if key[0] * MINUTE_MS >= since_ms}
        for key, sums in new.items():
            kept[key] = plus(kept.get(key), *sums)
        self._kept, self._since_ms, self._last = kept, since_ms, max(last, high)
        return [row for row in rows_of(kept) if row.at * MINUTE_MS < until_ms]
