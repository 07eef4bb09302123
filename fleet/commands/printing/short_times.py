"""Short forms of times, for tables that fit a narrow terminal."""

from __future__ import annotations

from datetime import datetime


def short_time(at: str | None, now: datetime) -> str:
    """A UTC time in ISO 8601, without its date if that is today, and without its year if that is this; "" for None."""
    if at is None:
        return ""
    if at[:10] == f"{now:%Y-%m-%d}":
        return at[11:19]
    return at[5 if at[:4] == f"{now:%Y}" else 0 : 16].replace("T", " ")
