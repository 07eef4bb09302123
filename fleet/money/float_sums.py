"""Compares a server's float sums with exact ones, and derives what the server paid in addition to the receipts.

A server adds floats, the ledger adds exact decimals. Two sums count as equal if they differ by no more than float
addition can lose: each addition is off by at most half a unit in the last place of the sum (IEEE 754).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO

#: with more candidates than this, subsets are not tried
_MAX_SUBSET = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class HeartbeatIncome:
    """How a session's stated sum is explained."""

    #: NNET paid for the heartbeat itself
    reward: Decimal
    #: positions of the unconfirmed payments that the sum proves
    confirmed: tuple[int, ...] = ()
    #: NNET that the ledger has booked and the server does not count, if the sum is too small
    shortfall: Decimal = ZERO


def rounding(total: Decimal, payments: int) -> Decimal:
    """The largest possible error of a float sum of `payments` amounts near `total`, in NNET."""
    return Decimal(math.ulp(float(abs(total)) or 1e-6)) * max(payments, 1)


def same(stated: Decimal, exact: Decimal, payments: int) -> bool:
    """Whether a server's float sum equals an exact sum of `payments` amounts, within a float's rounding."""
    return abs(stated - exact) <= rounding(max(abs(stated), abs(exact)), payments)


def heartbeat_income(
    *, stated: Decimal, confirmed: Decimal, unconfirmed: Sequence[Decimal], payments: int
) -> HeartbeatIncome:
    """Explain a heartbeat's `rewards_earned`, the server's sum for the session.

    `confirmed` is the sum of this session's receipts and earlier heartbeats. `unconfirmed` are the payments whose
    answer was lost; a release may or may not count them for the session (docs/protocol-notes.md, 1). What neither
    explains is the heartbeat's own reward. A sum of unconfirmed payments is preferred to a reward, since booking one
    payment twice is worse.
    """
    extra = stated - confirmed
    if same(stated, confirmed, payments):
        return HeartbeatIncome(reward=ZERO)
    if extra < 0:
        return HeartbeatIncome(reward=ZERO, shortfall=-extra)
    for subset in _subsets(len(unconfirmed)):
        if same(stated, confirmed + sum((unconfirmed[i] for i in subset), ZERO), payments):
            return HeartbeatIncome(reward=ZERO, confirmed=subset)
    return HeartbeatIncome(reward=extra)


def _subsets(n: int) -> list[tuple[int, ...]]:
    whole = [tuple(range(n))] if n else []
    if n > _MAX_SUBSET:
        return whole
    return whole + [subset for size in range(1, n) for subset in itertools.combinations(range(n), size)]
