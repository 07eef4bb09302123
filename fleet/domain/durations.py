"""Durations as people write them: `90s`, `5m`, `1h30m`. Pure."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
#: a plain number of seconds, or parts from days down to seconds, each at most once
_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)|" + "".join(rf"(?:([0-9]+(?:\.[0-9]+)?){unit})?" for unit in _UNITS))


def seconds(text: str) -> float | None:
    """The seconds in `90s`, `5m` or `1h30m`; None for anything else, and for a duration of zero."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    bare, *parts = match.groups()
    if bare is not None:
        return float(bare) or None
    return sum(float(part or 0) * unit_s for part, unit_s in zip(parts, _UNITS.values(), strict=True)) or None
