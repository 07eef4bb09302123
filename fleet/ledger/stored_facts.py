"""How facts about a server are read from the texts that the ledger stores of them. Pure.

Other programs write to the ledger, too, so that a text that can't be read is no fact.
"""

from __future__ import annotations

import json
from typing import NamedTuple

#: a ban whose end lies further back or ahead is not believed, in milliseconds: the longest wait is an hour
_FARTHEST_MS = 3_601_000


class StoredLimit(NamedTuple):
    """What refusals of one server have shown of its rate limit, and when, in UTC milliseconds since 1970."""

    requests: float
    window_s: float
    learnt_at: int


def read_limit(text: str | None) -> StoredLimit | None:
    """A learnt limit; None if the text holds none."""
    try:
        kept = json.loads(text or "")
        return StoredLimit(float(kept["requests"]), float(kept["window_s"]), int(kept["learnt_at"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def read_ban_s(text: str | None, now_ms: int) -> float | None:
    """Seconds until a ban's end, 0 if that is over; None without a ban. The text is the end in UTC milliseconds."""
    try:
        until_ms = int(text or "")
    except ValueError:
        return None
    if abs(now_ms - until_ms) > _FARTHEST_MS:
        return None
    return max(until_ms - now_ms, 0) / 1000
