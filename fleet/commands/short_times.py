"""Times as short as they can be said, for tables that fit a narrow terminal."""

from __future__ import annotations

from datetime import datetime


def short_time(at: str | None, now: datetime) -> str:
    """A time in ISO 8601 and UTC: of today the clock, of this year no year; empty if there is none. `now` is UTC."""
    if at is None:
        return ""
    if at[:10] == f"{now:%Y-%m-%d}":
        return at[11:19]
    return at[5:16].replace("T", " ") if at[:4] == f"{now:%Y}" else at[:10]
