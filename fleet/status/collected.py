"""Sums of the coordinator's events: money by miner, work by type and host. Pure; times are monotonic seconds.

Sums start with what the ledger held at the coordinator's start, and grow by what was written since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.status.days import Days
from fleet.status.fresh import FreshPayments
from fleet.status.recent import Recent
from fleet.status.snapshot import MinerFigures
from fleet.status.tallies import WorkTally

#: most job types and hosts that are counted one by one
MOST_TYPES, MOST_HOSTS = 64, 256


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidBefore:
    """Payments of one miner before the coordinator's start."""

    #: seconds before the start
    age_s: float
    miner: str
    job_type: str
    host: str
    jobs: int
    amount: Decimal


@dataclass(slots=True)
class _Miner:
    ledger: Decimal
    paid: int = 0
    lost: int = 0
    last_paid_ms: int | None = None


class Collected:
    """Sums by miner name, job type and host."""

    def __init__(
        self,
        *,
        booked: Mapping[str, Decimal],
        total: Decimal,
        days: Days,
        before: Iterable[PaidBefore] = (),
        now: float,
        now_ms: int,
    ) -> None:
        """`booked` is what the ledger holds by miner, `total` what it holds of the server in all."""
        self._miners = defaultdict(lambda: _Miner(ZERO), {name: _Miner(amount) for name, amount in booked.items()})
        self.total, self.days = total, days
        self.recent = Recent(now - 600)
        self.types, self.hosts = WorkTally(MOST_TYPES, now - 600), WorkTally(MOST_HOSTS, now - 600)
        self.last_paid_ms: int | None = None
        self._rows: dict[str, MinerFigures] = {}
        #: miners whose rows may have changed
        self._changed: set[str] = set()
        for one in sorted(before, key=lambda row: -row.age_s):
            self.recent.add(one.miner, 1, one.amount, now - one.age_s)
            self.earned(one.job_type, one.host, one.jobs, one.amount, now - one.age_s)
            self.last_paid_ms = now_ms - int(one.age_s * 1000)
            self._miner(one.miner).last_paid_ms = self.last_paid_ms

    def paid(self, miner: str, fresh: FreshPayments, now_ms: int) -> None:
        """Count new entries of `miner`."""
        self.total += fresh.amount
        self.days.add(miner, fresh.amount, now_ms)
        self.recent.add(miner, fresh.entries, fresh.amount, fresh.last_at)
        known = self._miner(miner)
        known.ledger += fresh.amount
        known.paid += fresh.jobs
        if fresh.amount > ZERO:
            self.last_paid_ms = known.last_paid_ms = now_ms
        self._changed.add(miner)

    def earned(self, job_type: str, host: str, jobs: int, amount: Decimal, at: float) -> None:
        """Count what jobs of a type earned, or other payments; `host` computed the jobs, and is empty for others."""
        self.types.paid(job_type, jobs, amount, at)
        if host:
            self.hosts.paid(host, jobs, amount, at)

    def know(self, miner: str, booked: Decimal) -> None:
        """A miner that is new here, for which the ledger holds `booked`; nothing happens to one that is known."""
        if miner not in self._miners:
            self._miners[miner] = _Miner(booked)

    def lost(self, miner: str) -> None:
        """A job of `miner` ended without a payment."""
        self._miner(miner).lost += 1
        self._changed.add(miner)

    def refresh(self, now: float, now_ms: int) -> None:
        """Drop what is too old, and begin the day that the clock shows."""
        self._changed |= self.recent.expire(now)
        if self.days.look(now_ms):
            self._changed |= self._rows.keys()

    def correct(self, day: int, booked: Mapping[str, Decimal]) -> None:
        """Correct a past day by the ledger's sums of it."""
        self._changed |= self.days.correct(day, booked)

    def row(
        self, name: str, state: str, unexplained: Decimal, server: str = "", waits_for_type: str = ""
    ) -> MinerFigures:
        """A miner's figures; the same object as before if nothing has changed."""
        row, now = self._rows.get(name), (state, unexplained, waits_for_type)
        if row is None or name in self._changed or (row.state, row.unexplained, row.waits_for_type) != now:
            self._changed.discard(name)
            known = self._miner(name)
            row = self._rows[name] = MinerFigures(
                name=name,
                state=state,
                ledger=known.ledger,
                today=self.days.of(name),
                recent=self.recent.of(name)[1],
                paid=known.paid,
                lost=known.lost,
                last_paid_ms=known.last_paid_ms,
                unexplained=unexplained,
                server=server,
                waits_for_type=waits_for_type,
            )
        return row

    def _miner(self, name: str) -> _Miner:
        return self._miners[name]
