"""Compares a server's sum for a session with the last one and the payments booked since. Pure.

Only the rise between two sums is explained. Whatever the first sum already counted cancels out, such as jobs of another
client or payments whose answers were lost, even if the ledger has learnt about it since.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.saved_state import OpenSession
from fleet.money.float_sums import HeartbeatIncome, heartbeat_income


@dataclass(frozen=True, kw_only=True, slots=True)
class Rise:
    """How the rise of a session's sum is explained."""

    income: HeartbeatIncome
    #: job id and amount (NNET) of the unconfirmed payments that the sum counts
    proved: tuple[tuple[str, Decimal], ...]


@dataclass(kw_only=True, slots=True)
class _Held:
    """A sum that was stated while jobs were unresolved, and the payments since then that it can't count."""

    stated: Decimal
    #: unresolved jobs that the sum may or may not count
    waiting: set[str]
    #: those of these jobs that were paid without an answer
    doubtful: list[tuple[str, Decimal]] = field(default_factory=list)
    confirmed: Decimal = ZERO
    unconfirmed: list[tuple[str, Decimal]] = field(default_factory=list)


class SessionSum:
    """The sum of one session as the server last stated it, and the payments since. Amounts in NNET."""

    def __init__(self, stated: Decimal | None) -> None:
        self._stated = stated
        #: NNET booked in this session
        self._booked = ZERO
        self._confirmed = ZERO
        self._unconfirmed: list[tuple[str, Decimal]] = []
        self._held: _Held | None = None

    @classmethod
    def of(cls, known: OpenSession) -> SessionSum:
        """The sum of a session that is open in the ledger."""
        made = cls(None)
        made._booked, made._confirmed, made._unconfirmed = known.booked, known.confirmed, list(known.unconfirmed)
        made._stated = None if known.offset is None else known.offset + made._weighed
        return made

    @property
    def offset(self) -> Decimal | None:
        """What the server's last sum counts beyond the ledger's entries of the session; None until learnt."""
        return None if self._stated is None else self._stated - self._weighed

    @property
    def _weighed(self) -> Decimal:
        """NNET booked in the session when the last sum was stated."""
        held = self._held
        later = ZERO if held is None else held.confirmed + _sum(held.doubtful) + _sum(held.unconfirmed)
        return self._booked - self._confirmed - _sum(self._unconfirmed) - later

    def booked(self, amount: Decimal) -> None:
        """Record an entry of the session."""
        self._booked += amount

    def expect(self, job_id: str, amount: Decimal, *, confirmed: bool) -> None:
        """Record a payment that the next sum counts, or may count if the payment's answer was lost."""
        held = self._held
        if held is None and confirmed:
            self._confirmed += amount
        elif held is None:
            self._unconfirmed.append((job_id, amount))
        elif confirmed:
            # a job that is accepted only now was not paid earlier, so the held sum lacks it
            held.confirmed += amount
        else:
            (held.doubtful if job_id in held.waiting else held.unconfirmed).append((job_id, amount))

    def hold(self, stated: Decimal, waiting: Collection[str]) -> None:
        """Hold a sum that may or may not count the `waiting` jobs, until the last of them is resolved."""
        self._let_go()
        if self._stated is not None and waiting:
            self._held = _Held(stated=stated, waiting=set(waiting))

    def resolved(self, job_id: str, payments: int) -> Rise | None:
        """What the held sum proves now that this job is resolved; None while others are not, or if no sum is held."""
        held = self._held
        if held is None or job_id not in held.waiting:
            return None
        held.waiting.discard(job_id)
        if held.waiting:
            return None
        self._held = None
        self._unconfirmed += held.doubtful
        rise = self.weigh(held.stated, payments)
        proved = set() if rise is None else {job_id for job_id, _ in rise.proved}
        self._confirmed += held.confirmed
        self._unconfirmed += [claim for claim in held.doubtful if claim[0] not in proved]
        self._unconfirmed += held.unconfirmed
        return rise

    def _let_go(self) -> None:
        """Drop the held sum and leave its payments to the next sum."""
        if self._held is not None:
            self._confirmed += self._held.confirmed
            self._unconfirmed += [*self._held.doubtful, *self._held.unconfirmed]
            self._held = None

    def learn(self, stated: Decimal | None) -> None:
        """Compare the next sum with this one. With None, the next sum is only learnt and explains nothing."""
        self._stated = stated
        self._confirmed, self._unconfirmed, self._held = ZERO, [], None

    def weigh(self, stated: Decimal, payments: int) -> Rise | None:
        """Explain the rise from the last sum to `stated`; None if there is no last sum.

        `stated` becomes the last sum: a payment that it does not count is not counted later either. The exception is a
        sum that lacks a confirmed payment. It may lag, so that the next sum counts what is already booked; then that
        next sum is only learnt.
        """
        self._let_go()
        if self._stated is None:
            self.learn(stated)
            return None
        income = heartbeat_income(
            stated=stated,
            confirmed=self._stated + self._confirmed,
            unconfirmed=[amount for _, amount in self._unconfirmed],
            payments=payments,
        )
        proved = tuple(self._unconfirmed[index] for index in income.confirmed)
        self.learn(None if income.shortfall else stated)
        return Rise(income=income, proved=proved)


def _sum(claims: list[tuple[str, Decimal]]) -> Decimal:
    return sum((amount for _, amount in claims), ZERO)
