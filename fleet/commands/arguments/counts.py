"""Numbers of miners on the command line."""

from __future__ import annotations

import click

_MOST = 100_000


class Count(click.ParamType[str]):
    """A number of miners, or `auto`."""

    name = "count"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The number as text, or "auto". Fails for anything else."""
        text = str(value).strip()
        if text != "auto" and not (text.isdecimal() and 1 <= int(text) <= _MOST):
            self.fail(f"{text!r} is neither a number from 1 to {_MOST:,} nor auto", param, ctx)
        return text


COUNT = Count()
