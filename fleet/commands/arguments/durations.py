"""Durations on the command line."""

from __future__ import annotations

import click

from fleet.domain.durations import seconds

_LONGEST_S = 365 * 86_400.0


class Duration(click.ParamType[float]):
    """A duration in parts with d, h, m or s, from days down to seconds, or a plain number of seconds."""

    name = "time"

    def __init__(self, longest_s: float = _LONGEST_S) -> None:
        """A duration of at most `longest_s` seconds."""
        self._longest_s = longest_s

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The duration in seconds."""
        text = str(value).strip()
        duration_s = seconds(text)
        if duration_s is None:
            self.fail(f"{text!r} is not a duration; try 90s, 5m or 1h30m", param, ctx)
        if duration_s > self._longest_s:
            years = round(self._longest_s / _LONGEST_S)
            self.fail(f"{text!r} is longer than {'a year' if years == 1 else f'{years} years'}", param, ctx)
        return duration_s


DURATION = Duration()


class GiveUp(Duration):
    """A duration, or 0 for never."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The duration in seconds; 0 for never."""
        return 0.0 if str(value).strip() == "0" else super().convert(value, param, ctx)


GIVE_UP = GiveUp()
GIVE_UP_HELP = "End with the reason after this long without a job from a server that never gave one; 0 for never"
