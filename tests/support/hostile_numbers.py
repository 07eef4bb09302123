"""Values that JSON can carry and no payload may hold: endless, huge, deeply nested."""

from __future__ import annotations

from typing import Any

NAN, INF = float("nan"), float("inf")
HUGE = 10**5000


def nested(depth: int) -> list[Any]:
    """A list in a list in a list …"""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


DEEP = nested(100_000)
