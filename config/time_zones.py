"""Checks the name of a time zone."""

from __future__ import annotations

from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

_UTC = "UTC"


def zone_name(text: str) -> str:
    """Return a time zone's name in the IANA database, such as `Europe/Berlin`. Raises ValueError for other texts."""
    name = text.strip()
    if name.upper() == _UTC:
        return _UTC
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        known = {one.lower(): one for one in available_timezones()}
        close = get_close_matches(name.lower(), known, n=1)
        hint = known[close[0]] if close else "Europe/Berlin"
        raise ValueError(f"is not the name of a time zone; one is {hint}") from exc
    return name
