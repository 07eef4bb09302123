"""The exact book of all payments: to whom, for what, how much."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import Enum

#: precise enough for any sum of float64 amounts in NNET; a sum that would round raises instead
_EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])


class PaymentKind(Enum):
    """The reason for a payment."""

    #: an accepted job
    JOB = "job"
    #: a heartbeat
    HEARTBEAT = "heartbeat"


_KINDS = tuple(PaymentKind)


class Book:
    """Payments in the order in which they were made, about 30 bytes each, and exact totals.

    An amount is the decimal in the answer's JSON number. The book survives the server's forgetting.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._miners = array("L")
        self._kinds = array("B")
        self._jobs = array("q")
        self._types = array("L")
        self._amounts = array("d")
        self._times = array("d")
        self._odd_amounts: dict[int, Decimal] = {}
        self._totals: dict[tuple[int, PaymentKind], Decimal] = {}
        self._counts: dict[tuple[int, PaymentKind], int] = {}

    def __len__(self) -> int:
        return len(self._amounts)

    def pay(
        self, miner: str, kind: PaymentKind, amount: Decimal, *, at: float, job: int = -1, job_type: str = ""
    ) -> None:
        """Record a payment of `amount` NNET at Unix second `at`; `job` is the job's number, −1 for none."""
        number = self._number(miner)
        as_float = float(amount)
        if Decimal(repr(as_float)) != amount:
            self._odd_amounts[len(self)] = amount
        self._miners.append(number)
        self._kinds.append(_KINDS.index(kind))
        self._jobs.append(job)
        self._types.append(self._number(job_type))
        self._times.append(at)
        self._amounts.append(as_float)
        key = (number, kind)
        self._totals[key] = _EXACT.add(self._totals.get(key, Decimal(0)), amount)
        self._counts[key] = self._counts.get(key, 0) + 1

    def totals(self, miner: str | None = None) -> dict[str, object]:
        """Exact sums as decimal strings: overall, of jobs, of heartbeats; with `per_miner` unless a miner is given."""
        names = [miner] if miner is not None else self.miners()
        entries = {name: self._sums(name) for name in names}
        overall = {kind: _add(sums[kind] for sums in entries.values()) for kind in PaymentKind}
        counts = {
            kind.value + "s": sum(self._counts.get((self._numbers.get(name, -1), kind), 0) for name in names)
            for kind in PaymentKind
        }
        stated: dict[str, object] = {
            "total_nnet": decimal_text(_add(overall.values())),
            "jobs_nnet": decimal_text(overall[PaymentKind.JOB]),
            "heartbeats_nnet": decimal_text(overall[PaymentKind.HEARTBEAT]),
            "payments": counts,
        }
        if miner is None:
            stated["per_miner"] = {name: decimal_text(_add(sums.values())) for name, sums in entries.items()}
        return stated

    def total(self, miner: str | None = None) -> Decimal:
        """NNET paid to one miner, or to all."""
        return _add(
            amount for (number, _), amount in self._totals.items() if miner is None or self._names[number] == miner
        )

    def miners(self) -> list[str]:
        """All miners that were paid, in the order of their first payment."""
        return [self._names[number] for number in dict.fromkeys(number for number, _ in self._totals)]

    def rows(self, *, miner: str | None = None, since: int = 0) -> Iterator[tuple[int, dict[str, object]]]:
        """Payments from index `since` on, each with its index; `job_id` holds the job's number, or None."""
        wanted = None if miner is None else self._numbers.get(miner, -1)
        for index in range(max(0, since), len(self)):
            if wanted is None or self._miners[index] == wanted:
                yield index, self._row(index)

    def _row(self, index: int) -> dict[str, object]:
        job = self._jobs[index]
        return {
            "miner": self._names[self._miners[index]],
            "kind": _KINDS[self._kinds[index]].value,
            "job_id": job if job >= 0 else None,
            "job_type": self._names[self._types[index]] or None,
            "amount": decimal_text(self._odd_amounts.get(index) or Decimal(repr(self._amounts[index]))),
            "at": self._times[index],
        }

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return number

    def _sums(self, name: str) -> dict[PaymentKind, Decimal]:
        number = self._numbers.get(name, -1)
        return {kind: self._totals.get((number, kind), Decimal(0)) for kind in PaymentKind}


def _add(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


def decimal_text(amount: Decimal) -> str:
    """A decimal without an exponent."""
    return format(amount, "f")
