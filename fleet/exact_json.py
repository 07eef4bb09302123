"""Writes JSON in which amounts are numbers with all their digits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fleet.domain.amounts import ZERO


def dump(value: Mapping[str, Any]) -> str:
    """One line of JSON in which every amount keeps all its digits."""
    amounts: list[str] = []

    def mark(item: Any) -> Any:
        if isinstance(item, Decimal):
            amounts.append(format(item.normalize() if item else ZERO, "f"))
            return f"\0{len(amounts) - 1}\0"
        raise TypeError(f"{type(item).__name__} is no JSON")

    text = json.dumps(value, default=mark)
    for number, amount in enumerate(amounts):
        text = text.replace(f'"\\u0000{number}\\u0000"', amount)
    return text
