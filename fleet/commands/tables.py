"""Tables for people, never truncated, on a terminal or in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: width of a table that is not printed on a terminal, in characters
_WIDE = 250


class _Console(Console):
    """A console that ignores a lost reader, so that the exit code still says how the farm ended."""

    def on_broken_pipe(self) -> None:
        """Print nothing from now on."""
        self.quiet = True


def console(*, to_stderr: bool = False) -> Console:
    """A console as wide as the terminal, and in a pipe wide enough that no line breaks."""
    stream = sys.stderr if to_stderr else sys.stdout
    return _Console(stderr=to_stderr, highlight=False, width=None if stream.isatty() else _WIDE)


def table(columns: Sequence[str], *, right: Sequence[str] = ()) -> Table:
    """An empty table with the columns of `right` right-aligned. A cell that is too wide is wrapped, never cut."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold", justify="right" if name in right else "left")
    return made


def add(made: Table, cells: Sequence[str], *, style: str = "") -> None:
    """Add a row of literal cells, in which square brackets are not markup."""
    made.add_row(*map(Text, cells), style=style)


def line(screen: Console, text: str, *, style: str = "") -> None:
    """Print a line literally, however long."""
    screen.print(text, style=style, markup=False, soft_wrap=True)
