"""Tables for people: whole on any terminal, and in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: columns of a terminal, for a table that is not printed on one
_WIDE = 250


class _Console(Console):
    """A console whose reader may go away: that says nothing of how a farm ended, so the exit code stays."""

    def on_broken_pipe(self) -> None:
        """Print nothing from now on."""
        self.quiet = True


def console(*, to_stderr: bool = False) -> Console:
    """Where tables are printed: as wide as the terminal, and in a pipe so wide that nothing is broken."""
    stream = sys.stderr if to_stderr else sys.stdout
    return _Console(stderr=to_stderr, highlight=False, width=None if stream.isatty() else _WIDE)


def table(columns: Sequence[str], *, right: Sequence[str] = ()) -> Table:
    """An empty table, those of `right` aligned so; a cell that is too wide is folded, never cut."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold", justify="right" if name in right else "left")
    return made


def add(made: Table, cells: Sequence[str], *, style: str = "") -> None:
    """Add a row of cells as they stand: what is in square brackets is no markup."""
    made.add_row(*map(Text, cells), style=style)


def line(screen: Console, text: str, *, style: str = "") -> None:
    """Print a line as it stands, however long."""
    screen.print(text, style=style, markup=False, soft_wrap=True)
