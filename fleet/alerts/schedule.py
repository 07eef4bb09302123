"""Times of the day at which alerts are silent, and at which the daily report is due. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def minute_of(text: str) -> int:
    """The minute of the day that a text like `7:30` or `22:00` names. Raises ValueError for other texts."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a time of the day; try 08:00")
    return int(found[1]) * 60 + int(found[2])


@dataclass(frozen=True, slots=True)
class Quiet:
    """A part of each day; it may reach over midnight, and is empty if it ends when it begins."""

    first: int = 0
    end: int = 0

    @classmethod
    def of(cls, text: str) -> Quiet:
        """The part that a text like `22:00-07:00` names, or none for an empty one. Raises ValueError."""
        if not text.strip():
            return cls()
        first, dash, end = text.partition("-")
        if not dash:
            raise ValueError(f"{text!r} is not a part of the day; try 22:00-07:00")
        return cls(minute_of(first), minute_of(end))

    def holds(self, local: datetime) -> bool:
        """Whether a moment lies in it."""
        minute = local.hour * 60 + local.minute
        if self.first <= self.end:
            return self.first <= minute < self.end
        return minute >= self.first or minute < self.end
