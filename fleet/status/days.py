"""What was booked today and yesterday: the ledger's sums at the start, and the entries since. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar


class Days:
    """Sums of today and yesterday in NNET, by miner and in all. Days are numbered as by `date.toordinal`.

    A payment counts for the day that the clock shows when `add` is called, which may be just after the ledger dated
    it. `correct` fixes that once the day before is complete. After a jump of the clock to another day the sums are
    unknown until a day has passed.
    """

    def __init__(
        self, now_ms: int, today: Mapping[str, Decimal], yesterday: Decimal, calendar: Calendar | None = None
    ) -> None:
        """`today` holds what the ledger has booked today so far, by miner. Days are those of UTC without a calendar."""
        self.calendar = calendar or Calendar()
        self.day = self._day(now_ms)
        #: when the day ends and another look at the calendar is due, and the first moment of the day
        self._from_ms, self._until_ms = self._bounds()
        self._today = dict(today)
        self._sum = sum(self._today.values(), ZERO)
        self._yesterday: Decimal | None = yesterday
        self._known = True
        #: the day before, by miner, until it is corrected; empty after that
        self._before: dict[str, Decimal] = {}
        #: the day that is complete in the ledger but for which the ledger was not asked yet
        self.uncorrected: int | None = None

    @property
    def today(self) -> Decimal | None:
        """NNET booked today; None while unknown."""
        return self._sum if self._known else None

    @property
    def yesterday(self) -> Decimal | None:
        """NNET booked yesterday; None while unknown."""
        return self._yesterday

    def of(self, miner: str) -> Decimal | None:
        """NNET booked today for a miner; None while unknown."""
        return self._today.get(miner, ZERO) if self._known else None

    def add(self, miner: str, amount: Decimal, now_ms: int) -> None:
        """Count a payment."""
        self.look(now_ms)
        self._today[miner] = self._today.get(miner, ZERO) + amount
        self._sum += amount

    def look(self, now_ms: int) -> bool:
        """Begin a new day if the clock shows one; returns whether it does."""
        if self._from_ms <= now_ms < self._until_ms:
            return False
        day = self._day(now_ms)
        if day == self.day:
            return False
        follows = day == self.day + 1
        self._yesterday = self._sum if follows and self._known else None
        self._before = self._today if follows else {}
        self._known = follows
        self.uncorrected = self.day if follows else None
        self.day, self._today, self._sum = day, {}, ZERO
        self._from_ms, self._until_ms = self._bounds()
        return True

    def rest_s(self, now_ms: int) -> float:
        """Seconds until the day ends."""
        return max(self._until_ms - now_ms, 0) / 1000

    def _day(self, now_ms: int) -> int:
        return self.calendar.day(now_ms).toordinal()

    def _bounds(self) -> tuple[int, int]:
        start_ms = self.calendar.start_ms
        return start_ms(date.fromordinal(self.day)), start_ms(date.fromordinal(self.day + 1))

    def correct(self, day: int, booked: Mapping[str, Decimal]) -> set[str]:
        """Apply the ledger's sums of a whole `day` by miner. Returns the miners whose sum of today changed."""
        if day != self.uncorrected:
            return set()
        self.uncorrected, before, self._before = None, self._before, {}
        changed = set()
        for miner in {*booked, *before}:
            late = booked.get(miner, ZERO) - before.get(miner, ZERO)
            if late and self._yesterday is not None:
                self._today[miner] = self._today.get(miner, ZERO) - late
                self._sum -= late
                changed.add(miner)
        self._yesterday = sum(booked.values(), ZERO)
        return changed
