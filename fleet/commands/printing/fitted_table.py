"""A table that leaves out columns where the terminal is too narrow for all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult

from fleet.commands.printing.tables import add, table

#: characters between two columns
_GAP = 2


class FittedTable:
    """Rows of texts. Where they are too wide, columns are left out until the rest fits, or is needed."""

    def __init__(self, columns: Mapping[str, int], *, right: Collection[str] = ()) -> None:
        """`columns` are titles with ranks: the higher, the sooner a column is left out, and one of rank 0 never is."""
        self._ranks = dict(columns)
        self._right = frozenset(right)
        self._rows: list[tuple[Sequence[str], str]] = []

    def add(self, cells: Sequence[str], *, style: str = "") -> None:
        """Add a row of literal cells, one for each column."""
        self._rows.append((cells, style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table as wide as the terminal allows."""
        places = self._places(options.max_width)
        names = [list(self._ranks)[place] for place in places]
        made = table(names, right=[name for name in names if name in self._right])
        for cells, style in self._rows:
            add(made, [cells[place] for place in places], style=style)
        yield made

    def _places(self, width: int) -> list[int]:
        """The columns that fit."""
        names = list(self._ranks)
        widths = [
            max(map(cell_len, (name, *(cells[place] for cells, _ in self._rows)))) for place, name in enumerate(names)
        ]
        left = list(range(len(names)))
        while sum(widths[place] + _GAP for place in left) - _GAP > width:
            worst = max(left, key=lambda place: self._ranks[names[place]])
            if not self._ranks[names[worst]]:
                break
            left.remove(worst)
        return left
