"""What the server paid beside the receipts, worked out from the sums that it states.

A server adds floats, the ledger adds exact decimals. Two sums are the same when they differ by less than what float
addition can lose: each addition is off by half a unit in the last place of the sum (IEEE 754).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO

#: above this many candidates, subsets are not tried
_MAX_SUBSET = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class HeartbeatIncome:
    """How a session's stated sum is explained."""

    #: paid for the heartbeat itself
    reward: Decimal
    #: positions of the unconfirmed payments that the sum proves
    confirmed: tuple[int, ...] = ()
    #: what the ledger has booked and the server does not count, when the sum is too small
    shortfall: Decimal = ZERO


def rounding(total: Decimal, payments: int) -> Decimal:
    """The most by which a float sum of `payments` amounts near `total` can be off, in NNET."""
    return Decimal(math.ulp(float(abs(total)) or 1e-6)) * max(payments, 1)


def same(stated: Decimal, exact: Decimal, payments: int) -> bool:
    """Whether a server's float sum and an exact sum of `payments` amounts are the same money."""
    return abs(stated - exact) <= rounding(max(abs(stated), abs(exact)), payments)


def heartbeat_income(
    *, stated: Decimal, confirmed: Decimal, unconfirmed: Sequence[Decimal], payments: int
) -> HeartbeatIncome:
    """Explain a heartbeat's `rewards_earned`, the server's sum for the session.

    `confirmed` is what receipts and earlier heartbeats of this session brought; `unconfirmed` the payments of which the
    answer was lost, which a release counts for the session or does not (PROTOCOL, surprise 1). What neither explains
    is the heartbeat's own reward. A sum of unconfirmed payments is preferred to a reward: booking one payment twice
    is worse.
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
