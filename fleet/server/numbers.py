"""Reads the numbers in a server's answer, which is untrusted input."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

from fleet.errors import Garbled
from tasks.errors import shortened

#: largest single reward that is believed, in NNET
MAX_REWARD = Decimal(1_000_000)
#: Largest sum that is believed, in NNET; the whole network began with 50 million. A busy miner's sum may exceed
#: `MAX_REWARD`.
MAX_SUM = Decimal(1_000_000_000)


def amount(value: Any, name: str) -> Decimal:
    """An amount of NNET exactly as the server's JSON states it: the shortest decimal that reads back as the same float.

    Raises Garbled if the value is not a valid amount. `name` is the field: `reward`, or a field that holds a sum.
    """
    if not _is_number(value):
        raise Garbled(f"{name} {shortened(value)} is not an amount of NNET")
    stated, most = Decimal(repr(value)), MAX_REWARD if name == "reward" else MAX_SUM
    if not 0 <= stated <= most:
        raise Garbled(f"{name} {shortened(value)} is not within 0 and {most} NNET")
    return stated


def optional_amount(value: Any, name: str) -> Decimal | None:
    """An amount, or None if the release leaves it out. Raises Garbled as `amount` does."""
    return None if value is None else amount(value, name)


def believable_amount(value: Any, name: str) -> Decimal | None:
    """An amount that is never booked. None if it is missing or invalid, so that the rest of the answer still counts."""
    try:
        return optional_amount(value, name)
    except Garbled:
        return None


def optional_number(value: Any) -> float | None:
    """A number for the operator, or None if the value is not a finite number."""
    return float(value) if _is_number(value) else None


def optional_count(value: Any) -> int | None:
    """A count or a Unix time in seconds, or None if the value is neither."""
    return value if type(value) is int and 0 <= value < 10**12 else None


def _is_number(value: Any) -> bool:
    """Whether a finite float can hold the value. NaN fails the comparison; too long an integer is compared exactly."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -sys.float_info.max <= value <= sys.float_info.max
