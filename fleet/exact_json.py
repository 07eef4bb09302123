"""Writes JSON in which amounts are numbers with all their digits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from secrets import token_hex
from typing import Any

from fleet.domain.amounts import ZERO


def dump(value: Mapping[str, Any]) -> str:
    """One line of JSON in which every amount keeps all its digits.

    The amounts are first written as texts with a random prefix, which no text of a server can have.
    """
    prefix = token_hex(16)

    def marked(item: Any) -> str:
        if isinstance(item, Decimal):
            return prefix + format(item.normalize() if item else ZERO, "f")
        raise TypeError(f"{type(item).__name__} is no JSON")

    # a pattern would have to be compiled for each prefix, which takes longer than the rest
    first, *others = json.dumps(value, default=marked).split(f'"{prefix}')
    return first + "".join(amount + rest for amount, _, rest in (other.partition('"') for other in others))
