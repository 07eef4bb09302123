"""What a server's sum for a session proves: each one is weighed against the one before and what was booked since. Pure.

Only the rise between two sums is explained. What the sum counted before the first of them, jobs of another client or
payments whose answers were lost, is in both and cancels out, whatever the ledger has learnt of it since.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fleet.income import HeartbeatIncome, heartbeat_income
from fleet.models import OpenSession
from fleet.payments import ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Rise:
    """How the rise of a session's sum is explained."""

    income: HeartbeatIncome
    #: job id and amount of the unconfirmed payments that the sum counts
    proved: tuple[tuple[str, Decimal], ...]


class SessionSum:
    """The sum of one session as the server last stated it, and the payments since. Amounts in NNET."""

    def __init__(self, stated: Decimal | None) -> None:
        self._stated = stated
        #: all that the ledger has booked in this session
        self._booked = ZERO
        self._confirmed = ZERO
        self._unconfirmed: list[tuple[str, Decimal]] = []

    @classmethod
    def of(cls, known: OpenSession) -> SessionSum:
        """A session as the ledger holds it open."""
        made = cls(None)
        made._booked, made._confirmed, made._unconfirmed = known.booked, known.confirmed, list(known.unconfirmed)
        made._stated = None if known.offset is None else known.offset + made._weighed
        return made

    @property
    def offset(self) -> Decimal | None:
        """What the server counts beyond this ledger's entries of the session, as of the last sum; None until learnt."""
        return None if self._stated is None else self._stated - self._weighed

    @property
    def _weighed(self) -> Decimal:
        """What the ledger had booked in the session when the last sum was stated."""
        return self._booked - self._confirmed - sum((amount for _, amount in self._unconfirmed), ZERO)

    def booked(self, amount: Decimal) -> None:
        """An entry of the session went into the ledger."""
        self._booked += amount

    def expect(self, job_id: str, amount: Decimal, *, confirmed: bool) -> None:
        """The next sum counts this payment, unless its answer was lost: then it may."""
        if confirmed:
            self._confirmed += amount
        else:
            self._unconfirmed.append((job_id, amount))

    def learn(self, stated: Decimal | None) -> None:
        """Compare the next sum with this one; with None, the next one is learnt and explains nothing."""
        self._stated = stated
        self._confirmed, self._unconfirmed = ZERO, []

    def weigh(self, stated: Decimal, payments: int) -> Rise | None:
        """Explain the rise from the last sum to `stated`; None where there was none to compare it with.

        The sum is learnt: a payment that it does not count is counted by no later one. Unless it lacks a payment that
        was told: it may lag, and then the next one counts what is booked already. That one is learnt instead.
        """
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
