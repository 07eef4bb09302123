"""Tables for people, on a terminal or in a pipe. No cell is ever cut."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fleet.money.readable import aligned, is_rounded

#: width of a table that is not printed on a terminal, in characters
_WIDE = 250
#: between two columns
GAP = "  "

IDS = click.option(
    "--ids",
    is_flag=True,
    help="Show the miners' ids, too. Keep them secret: whoever knows an id can spend what it earned.",
)
EXACT = click.option("--exact", is_flag=True, help="Show amounts with all digits instead of six decimals.")

#: text, or an amount in NNET, which is None if the server stated none
Cell = str | Decimal | int | None


class _Console(Console):
    """A console that ignores a closed pipe, so that the exit code still says how the farm ended."""

    def on_broken_pipe(self) -> None:
        """Print nothing from now on."""
        self.quiet = True


class Sheet:
    """Rows of texts and amounts. On a terminal that is too narrow for them, each row becomes a block of lines."""

    def __init__(
        self, columns: Sequence[str], *, amounts: Sequence[str] = (), right: Sequence[str] = (), exact: bool = False
    ) -> None:
        """A sheet without rows. The cells of `amounts` are aligned at the point, those of `right` at the right."""
        self._columns = tuple(columns)
        self._amounts = frozenset(amounts)
        self._right = frozenset(right) - self._amounts
        self._exact = exact
        self._rows: list[tuple[Mapping[str, Cell], str]] = []

    def add(self, cells: Sequence[Cell], *, style: str = "") -> None:
        """Add a row. One that is shorter than the columns is filled with empty texts."""
        filled = [*cells, *[""] * (len(self._columns) - len(cells))]
        self._rows.append((dict(zip(self._columns, filled, strict=True)), style))

    def print(self, screen: Console) -> None:
        """Print the sheet, and if amounts were rounded, how to see all digits."""
        self.print_rows(screen)
        note_rounding(screen, [self])

    @property
    def rounded(self) -> bool:
        """Whether digits of its amounts are left out."""
        return not self._exact and any(is_rounded(amount) for row, _ in self._rows for amount in self._numbers(row))

    def print_rows(self, screen: Console) -> None:
        """Print the sheet alone."""
        columns = {name: self._texts(name) for name in self._columns}
        padded = [self._padded(name, texts) for name, texts in columns.items()]
        header, *rows = (GAP.join(cells) for cells in zip(*padded, strict=True))
        if cell_len(header) <= screen.width:
            styles = (style for _, style in self._rows)
            lines = [(header, "bold"), *zip(rows, styles, strict=True)]
            # one text is rendered in a quarter of the time of a table
            screen.print(Text("\n").join(Text(text, style) for text, style in lines), soft_wrap=True)
        else:
            self._print_blocks(screen, columns)

    def _texts(self, name: str) -> list[str]:
        cells = [row[name] for row, _ in self._rows]
        if name not in self._amounts:
            return [f"{cell}" for cell in cells]
        texts = iter(aligned([cell for cell in cells if not isinstance(cell, str)], exact=self._exact))
        return [cell if isinstance(cell, str) else next(texts) for cell in cells]

    def _padded(self, name: str, texts: Sequence[str]) -> list[str]:
        """A column with its header, each cell as wide as the widest."""
        cells = [name, *texts]
        widths = [cell_len(cell) for cell in cells]
        blanks = [" " * (max(widths) - width) for width in widths]
        right = name in self._right or name in self._amounts
        return [blank + cell if right else cell + blank for cell, blank in zip(cells, blanks, strict=True)]

    def _numbers(self, row: Mapping[str, Cell]) -> list[Decimal | int]:
        return [cell for name in self._amounts if isinstance(cell := row[name], Decimal | int)]

    def _print_blocks(self, screen: Console, columns: Mapping[str, Sequence[str]]) -> None:
        width = max(map(len, self._columns))
        for number, (_, style) in enumerate(self._rows):
            title, *rest = self._columns
            line(screen, columns[title][number], style=style or "bold")
            for name in rest:
                if text := columns[name][number].strip():
                    line(screen, f"  {name:<{width}}  {text}")


def note_rounding(screen: Console, sheets: Iterable[Sheet]) -> None:
    """Say how to see all digits, if any of the sheets leaves some out."""
    if any(one.rounded for one in sheets):
        line(screen, "amounts are rounded to six decimals; --exact shows all digits", style="dim")


def console(*, to_stderr: bool = False) -> Console:
    """A console as wide as the terminal, and in a pipe wide enough that no line breaks."""
    stream = sys.stderr if to_stderr else sys.stdout
    # a name such as `:key:` is shown as it is
    return _Console(stderr=to_stderr, highlight=False, emoji=False, width=None if stream.isatty() else _WIDE)


def table(columns: Sequence[str], *, right: Sequence[str] = ()) -> Table:
    """An empty table with the columns of `right` right-aligned. A cell that is too wide is wrapped, never cut."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold", justify="right" if name in right else "left")
    return made


def add(made: Table, cells: Sequence[str], *, style: str = "") -> None:
    """Add a row of literal cells, in which square brackets are not markup."""
    made.add_row(*map(Text, cells), style=style)


def to_second(time: str | None) -> str:
    """A time in ISO 8601 and UTC, cut to the second; empty if there is none."""
    return f"{time[:19]}Z" if time else ""


def line(screen: Console, text: str, *, style: str = "") -> None:
    """Print a text literally: on a terminal wrapped between words and indented, elsewhere as it is, however long."""
    if screen.is_terminal:
        text = "\n".join(part for one in text.splitlines() for part in wrapped(one, screen.width))
    screen.print(text, style=style, markup=False, soft_wrap=True)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines that fit the width, the second and further ones two columns further to the right."""
    if cell_len(text) <= width:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
