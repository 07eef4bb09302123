"""Payments as the coordinator sums them up for a second."""

from __future__ import annotations

from decimal import Decimal

from fleet.status.fresh import FreshPayments


def payments(amount: str, at: float, *, jobs: int = 1) -> FreshPayments:
    """Payments for `jobs` jobs at one moment, which amount to `amount` NNET together."""
    made = FreshPayments(at)
    for _ in range(jobs):
        made.add(Decimal(amount) / jobs, at, job=True)
    return made
