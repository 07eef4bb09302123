"""Times as short as they can be said, for tables that fit a narrow terminal."""

from __future__ import annotations

from datetime import datetime


def short_time(at: str | None, now: datetime) -> str:
    """A time in ISO 8601 and UTC: of today the clock alone, of this year no year; empty for None. `now` is UTC."""
    if at is None:
        return ""
    if at[:10] == f"{now:%Y-%m-%d}":
        return at[11:19]
    return at[5 if at[:4] == f"{now:%Y}" else 0 : 16].replace("T", " ")
