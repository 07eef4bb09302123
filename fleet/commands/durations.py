"""Times on the command line."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FORM = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


class Duration(click.ParamType[float]):
    """A number with s, m, h or d; seconds without."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        match = _FORM.fullmatch(str(value).strip())
        if match is None or not 0 < float(match[1]) * _UNITS[match[2]] <= 31_536_000:
            self.fail(f"{value!r} is no time; say 60s, 5m or 2h, a year at most", param, ctx)
        return float(match[1]) * _UNITS[match[2]]


DURATION = Duration()
