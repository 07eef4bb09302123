"""Amounts and names as people read them: six decimals aligned at the point, numbers in order. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from fleet.domain.amounts import ZERO

NOT_STATED = "not stated"
_NUMBERS = re.compile(r"([0-9]{1,18})")
#: the smallest amount that six decimals can show
_STEP = Decimal("0.000001")
#: an amount is exact everywhere else, where a sum that needs rounding raises Inexact
_ROUNDING = Context(prec=2000, traps=[])
#: texts that are kept: a page shows the same past again and again
_REMEMBERED = 4_096


def readable(amount: Decimal | int, *, exact: bool = False) -> str:
    """An amount with at most six decimals and no exponent; with all digits if `exact`.

    An amount that would be shown as zero is shown as a bound instead: only zero is `0`.
    """
    value = Decimal(amount)
    return f"{value:f}" if exact else _short(value)


@lru_cache(maxsize=_REMEMBERED)
def _short(value: Decimal) -> str:
    if not value:
        return "0"
    if abs(value) < _STEP:
        return f"<{_STEP:f}" if value > 0 else f">-{_STEP:f}"
    return _without_zeros(f"{_rounded(value):f}")


def gained(amount: Decimal) -> str:
    """An amount with its sign and at most six decimals."""
    return f"{'' if amount < ZERO else '+'}{readable(amount)}"


def reading_order(name: str) -> list[tuple[int, str]]:
    """A sort key for names that end in or hold numbers: `miner-2` before `miner-10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(name)]


def is_rounded(amount: Decimal | int | None) -> bool:
    """Whether `readable` leaves digits of the amount out."""
    return amount is not None and _rounded(Decimal(amount)) != amount


def aligned(amounts: Sequence[Decimal | int | None], *, exact: bool = False) -> list[str]:
    """A column of amounts, padded so that right-aligned cells have their points below each other.

    None, an amount that the server did not state, is shown as `not stated`.
    """
    texts = [NOT_STATED if one is None else readable(one, exact=exact) for one in amounts]
    tails = [len(text.partition(".")[2]) + ("." in text) for text in texts]
    longest = max((tail for text, tail in zip(texts, tails, strict=True) if text != NOT_STATED), default=0)
    return [
        text if text == NOT_STATED else text + " " * (longest - tail) for text, tail in zip(texts, tails, strict=True)
    ]


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_STEP, rounding=ROUND_HALF_EVEN, context=_ROUNDING)


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
