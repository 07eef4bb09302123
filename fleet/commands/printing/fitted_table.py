"""A table that leaves out columns where the terminal is too narrow for all of them, and then shortens names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult

from fleet.commands.printing.tables import add, table
from fleet.top.shortening import shortened

#: characters between two columns, and the fewest of the first one
_GAP, _LEAST = 2, 12


class FittedTable:
    """Rows of texts. Where they are too wide, columns are left out until the rest fits, or only needed ones are left.

    If what is needed does not fit, the texts of the first column are shortened in their middle.
    """

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
        room = options.max_width - sum(self._width(place) + _GAP for place in places[1:])
        for cells, style in self._rows:
            first, *rest = (cells[place] for place in places)
            add(made, [shortened(first, max(room, _LEAST)), *rest], style=style)
        yield made

    def _width(self, place: int) -> int:
        """The width of a column's title and texts, in cells of the terminal."""
        return max(map(cell_len, (list(self._ranks)[place], *(cells[place] for cells, _ in self._rows))))

    def _places(self, width: int) -> list[int]:
        """The columns that fit."""
        names = list(self._ranks)
        widths = [self._width(place) for place in range(len(names))]
        left = list(range(len(names)))
        while sum(widths[place] + _GAP for place in left) - _GAP > width:
            worst = max(left, key=lambda place: self._ranks[names[place]])
            if not self._ranks[names[worst]]:
                break
            left.remove(worst)
        return left
