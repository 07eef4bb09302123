"""A table that formats and draws only the rows in view, so that thousands of them cost no more than a screen.

One file: Textual looks for a widget's keys, actions and handlers in its class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fleet.top.columns import Column, Context, Row, Table
from fleet.top.shortening import shortened

#: columns between two cells, of the widest cell, and of a name before and after all columns are left out that may be
_GAP, _WIDEST, _SHORT, _LEAST = 2, 40, 24, 12
_HEADER, _CURSOR, _BLURRED = Style(bold=True, underline=True), Style(reverse=True), Style(bold=True)


class _Page(NamedTuple):
    """What is in view."""

    header: str
    #: text and style of each row
    lines: list[tuple[str, str]]
    #: place of the cursor's row among them
    cursor: int


class Rows(ScrollView, can_focus=True):
    """Rows that can be sorted, searched and opened. The cursor stays on its row when the order changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("home,g", "move(-1000000)", "first", show=False),
        Binding("end,G", "move(1000000)", "last", show=False),
        Binding("tab", "app.next", "next table"),
        Binding("enter", "open", "open", show=True),
        Binding("s", "sort(1)", "sort"),
        Binding("S", "sort(-1)", "sort by the column before", show=False),
        Binding("r", "reverse", "reverse"),
    ]

    class Opened(Message):
        """A row was opened."""

        def __init__(self, table: Table, row: Row) -> None:
            super().__init__()
            self.table, self.row = table, row

    def __init__(self, table: Table) -> None:
        super().__init__(id=table.figures)
        self.table = table
        #: the column that rows are sorted by; None for those that don't earn first
        self.sorted_by: int | None = None
        self.reversed = False
        self.wanted = ""
        self._all: Sequence[Row] = ()
        self._rows: list[Row] = []
        self._of_cells = Context(0.0, {})
        self._cursor = ""
        self._widths: dict[str, int] = {}
        self._page: _Page | None = None

    @property
    def shown(self) -> list[str]:
        """Names of the rows that the search leaves, in their order."""
        return [str(row[self.table.name]) for row in self._rows]

    @property
    def count(self) -> int:
        """Number of all rows."""
        return len(self._all)

    def show(self, rows: Sequence[Row], context: Context) -> None:
        """Show other rows."""
        self._all, self._of_cells = rows, context
        self._arrange()

    def search(self, wanted: str) -> None:
        """Show only rows whose name holds the text, in any case."""
        self.wanted = wanted.lower()
        self._arrange()

    def action_sort(self, by: int) -> None:
        """Sort by the column after or before."""
        count = len(self.table.columns)
        self.sorted_by = (0 if by > 0 else count - 1) if self.sorted_by is None else (self.sorted_by + by) % count
        self._arrange()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self.reversed = not self.reversed
        self._arrange()

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        if self._rows:
            at = min(max(self._at() + by, 0), len(self._rows) - 1)
            self._cursor = str(self._rows[at][self.table.name])
            self._into_view(at)

    def action_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self.action_move(by * max(self.size.height - 2, 1))

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self._rows:
            self.post_message(self.Opened(self.table, self._rows[self._at()]))

    def on_click(self, event: Click) -> None:
        """Move the cursor to a row that was clicked, and open it at the second click."""
        at = event.y - 1 + self.scroll_offset.y
        if event.y > 0 and at < len(self._rows):
            self.action_move(at - self._at())
            if event.chain > 1:
                self.action_open()

    def on_resize(self) -> None:
        """Lay the columns out again."""
        self._widths = {}
        self._redraw()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Show where the keys go."""
        super().watch_has_focus(_has_focus)
        self._redraw()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Format the rows that came into view."""
        super().watch_scroll_y(old_value, new_value)
        self._redraw()

    def render_line(self, y: int) -> Strip:
        """The header, or a row."""
        page, width = self._page or self._formatted(), self._room
        if y == 0:
            return _strip(page.header, _HEADER, width)
        if y > len(page.lines):
            return _strip("" if page.lines or y > 1 else "nothing here", Style(dim=True), width)
        text, style = page.lines[y - 1]
        base = Style.parse(style)
        if y - 1 == page.cursor:
            base += _CURSOR if self.has_focus else _BLURRED
        return _strip(text, base, width)

    def _arrange(self) -> None:
        name, context = self.table.name, self._of_cells
        found = [row for row in self._all if self.wanted in str(row[name]).lower()]
        if self.sorted_by is not None:
            column = self.table.columns[self.sorted_by]
            found.sort(key=lambda row: column.order(row, context))
        else:
            found.sort(key=lambda row: self._trouble(row))
        if self.reversed:
            found.reverse()
        self._rows = found
        self.virtual_size = Size(self.size.width, len(found) + 1)
        self._redraw()

    def _trouble(self, row: Row) -> tuple[bool, bool]:
        """What is wrong and what does not earn comes first."""
        quiet = self.table.style(row, self._of_cells) != "bold red"
        return quiet, row.get("state", "mining") in {"mining", "paused", "closed", None}

    def _at(self) -> int:
        """The place of the cursor's row; the first where that row is gone."""
        name = self.table.name
        return next((at for at, row in enumerate(self._rows) if row[name] == self._cursor), 0)

    def _into_view(self, at: int) -> None:
        top, height = self.scroll_offset.y, max(self.size.height - 1, 1)
        if at < top:
            self.scroll_to(y=at, animate=False, force=True)
        elif at >= top + height:
            self.scroll_to(y=at - height + 1, animate=False, force=True)
        self._redraw()

    def _redraw(self) -> None:
        self._page = None
        self.refresh()

    def _formatted(self) -> _Page:
        """The rows in view as texts."""
        top, height = self.scroll_offset.y, max(self.size.height - 1, 1)
        rows = self._rows[top : top + height]
        texts = {column.title: column.texts(rows, self._of_cells) for column in self.table.columns}
        for column in self.table.columns:
            widest = max(map(cell_len, [self._title(column), *texts[column.title]]))
            self._widths[column.title] = max(self._widths.get(column.title, 0), min(widest, _WIDEST))
        columns = self._fitting()
        lines = [
            (
                self._line([(column, texts[column.title][number]) for column in columns]),
                self.table.style(row, self._of_cells),
            )
            for number, row in enumerate(rows)
        ]
        header = self._line([(column, self._title(column)) for column in columns])
        self._page = _Page(header, lines, self._at() - top)
        return self._page

    def _title(self, column: Column) -> str:
        if self.sorted_by is None or self.table.columns[self.sorted_by] is not column:
            return column.title
        return f"{column.title}{'▲' if self.reversed else '▼'}"

    def _fitting(self) -> list[Column]:
        """The columns that the width has room for."""
        columns = list(self.table.columns)
        name, room = columns[0].title, self._room
        whole = self._widths[name]
        while self._needed(columns) - whole + min(whole, _SHORT) > room:
            least = max(columns, key=lambda column: column.rank)
            if not least.rank:
                break
            columns.remove(least)
        missing = max(self._needed(columns) - room, 0)
        self._widths[name] = max(whole - missing, min(whole, _LEAST))
        return columns

    @property
    def _room(self) -> int:
        """The columns beside the scroll bar, if there is one."""
        return self.scrollable_content_region.width

    def _needed(self, columns: Sequence[Column]) -> int:
        return sum(self._widths[column.title] + _GAP for column in columns) - _GAP

    def _line(self, cells: Sequence[tuple[Column, str]]) -> str:
        return (" " * _GAP).join(
            " " * (self._widths[column.title] - cell_len(text)) + text
            if column.right
            else set_cell_size(shortened(text, self._widths[column.title]), self._widths[column.title])
            for column, text in cells
        )


def _strip(text: str, style: Style, width: int) -> Strip:
    return Strip([Segment(set_cell_size(text, width), style)], width)
