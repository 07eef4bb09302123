"""The app: reads the farm's standing once a second, and shows it as tables that can be sorted, searched and opened.

One file: Textual looks for an app's keys, actions and handlers in its class.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus
from textual.widgets import Footer, Input, Static

from fleet.domain.calendar import Calendar
from fleet.errors import LedgerError
from fleet.status.standing import FarmStanding
from fleet.status.wording import calendar_of
from fleet.top import summary
from fleet.top.columns import TABLES, Context
from fleet.top.pages import KEYS, AskJob, Page, details
from fleet.top.rows import Rows
from fleet.top.sources import FigureSources
from tasks.text import sanitized

#: seconds between two looks, between those at a farm that does not run, and between two readings of the last hour
_EVERY_S, _LEDGER_EVERY_S, _HOUR_EVERY_S = 1.0, 15.0, 60.0
_STYLE = """
Screen { layout: vertical; }
#title, #wrong, #money, #tabs { height: auto; width: 100%; }
#wrong { max-height: 8; }
#money { margin: 1 0; }
Rows { height: 1fr; width: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
#tables { height: 1fr; }
.-narrow Rows { display: none; }
.-narrow Rows.-chosen { display: block; }
.-narrow #side { display: none; }
.-narrow #side.-chosen { display: block; width: 1fr; }
.-wide #tables { layout: horizontal; }
.-wide #side { width: 45%; margin-left: 2; }
.-wide #tabs { display: none; }
#search { display: none; height: 1; border: none; }
#search.-open { display: block; }
Page, AskJob { align: center middle; }
.page, .asked { width: 90%; max-width: 100; max-height: 90%; height: auto; border: round; padding: 0 1; }
"""


class Top(App[None]):
    """The full-screen view of one farm."""

    CSS = _STYLE
    TITLE = "fleet top"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]  # noqa: RUF012 - the base declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "choose(0)", "miners", show=False),
        Binding("2", "choose(1)", "hosts", show=False),
        Binding("3", "choose(2)", "job types", show=False),
        Binding("slash", "search", "search"),
        Binding("escape", "clear", "all rows", show=False),
        Binding("j", "job", "job"),
        Binding("w", "wrong", "wrong"),
        Binding("question_mark", "keys", "keys"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, sources: FigureSources) -> None:
        super().__init__(ansi_color=True)
        self._sources = sources
        self._tables = tuple(map(Rows, TABLES))
        self._side = Vertical(*self._tables[1:], id="side")
        self._title, self._wrong, self._money, self._tabs = (
            Static(id=name, markup=False) for name in ("title", "wrong", "money", "tabs")
        )
        self._search = Input(id="search", placeholder="search by name", compact=True)
        self._chosen = 0
        self._found: FarmStanding | None = None
        self._minutes: Sequence[Decimal] = ()
        self._hour_at = self._looked_at = float("-inf")
        self._problem = ""

    def compose(self) -> ComposeResult:
        """The parts, from the top."""
        yield from (self._title, self._wrong, self._money, self._tabs)
        yield Horizontal(self._tables[0], self._side, id="tables")
        yield self._search
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to look."""
        self.action_choose(0)
        self.look()
        self.set_interval(_EVERY_S, self.look)

    @work(thread=True, group="look")
    def look(self) -> None:
        """Read the farm's standing, unless that was just done or still goes on."""
        now = time.monotonic()
        runs = self._found is None or self._found.runs
        if now - self._looked_at < (_EVERY_S / 2 if runs else _LEDGER_EVERY_S):
            return
        self._looked_at = now
        try:
            found = self._sources.look()
            if now - self._hour_at >= _HOUR_EVERY_S:
                self._hour_at = now
                self._minutes = self._sources.history("farm", 1).farm.nnet
        except LedgerError as exc:
            self.call_from_thread(self._failed, str(exc))
        else:
            self.call_from_thread(self._show, found)

    @property
    def rows(self) -> Rows:
        """The table that the keys go to."""
        return self._tables[self._chosen]

    def action_choose(self, number: int) -> None:
        """Go to a table."""
        self._chosen = number
        for at, rows in enumerate(self._tables):
            rows.set_class(at == number, "-chosen")
        self._side.set_class(number > 0, "-chosen")
        self.rows.focus()
        self._show_tabs()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Follow a click into another table."""
        if isinstance(event.widget, Rows) and event.widget is not self.rows:
            self.action_choose(self._tables.index(event.widget))

    def action_next(self) -> None:
        """Go to the next table."""
        self.action_choose((self._chosen + 1) % len(TABLES))

    def action_search(self) -> None:
        """Ask what to search for."""
        self._search.add_class("-open")
        self._search.focus()

    def action_clear(self) -> None:
        """Show all rows again."""
        self._search.value = ""
        self._search.remove_class("-open")
        self.rows.search("")
        self.rows.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while the text is typed."""
        if event.input is self._search:
            self.rows.search(event.value)
            self._show_tabs()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go back to the rows that were found."""
        event.input.set_class(bool(event.value), "-open")
        self.rows.focus()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Open a miner, host or job type: its figures at once, the rest when it is read."""
        name = sanitized(str(event.row[event.table.name]))
        page = Page(f"{event.table.kind} {name}", self._details(event, (), "reading its history …"))
        self.push_screen(page)
        self._read_details(event, page)

    @work(thread=True, group="details")
    def _read_details(self, event: Rows.Opened, page: Page) -> None:
        table, name, plots, more = event.table, str(event.row[event.table.name]), [], ""
        try:
            for hours, words in ((1, "NNET by minute, the last hour"), (48, "NNET by hour, the last 48 hours")):
                found = self._sources.history(table.kind, hours)
                plots += [(words, one.nnet) for one in found.series if one.name == name]
        except LedgerError as exc:
            more = str(exc)
        if not plots and not more:
            more = "nothing was paid for it in the last 48 hours"
        if table.explained:
            self.call_from_thread(self._fill, page, self._details(event, plots, f"{more}\nreading why …".strip()))
            more += f"\n{self._sources.explain((table.kind, '--', name))}"
        self.call_from_thread(self._fill, page, self._details(event, plots, more.strip()))

    def _details(self, event: Rows.Opened, plots: Sequence[tuple[str, Sequence[Decimal]]], more: str) -> Text:
        calendar = Calendar() if self._found is None else calendar_of(self._found.figures)
        return details(event.table, event.row, plots, more, calendar)

    def action_job(self) -> None:
        """Ask for a job, and show its life."""
        self.push_screen(AskJob(), self._open_job)

    def _open_job(self, wanted: str | None) -> None:
        if wanted:
            page = Page(f"job {sanitized(wanted)}", Text("reading the ledger …"))
            self.push_screen(page)
            self._read_job(wanted, page)

    @work(thread=True, group="details")
    def _read_job(self, wanted: str, page: Page) -> None:
        lines = self._sources.explain(("job", "--", wanted)).splitlines()
        self.call_from_thread(self._fill, page, Text("\n".join(map(sanitized, lines))))

    @staticmethod
    def _fill(page: Page, text: Text) -> None:
        if page.is_attached:
            page.set_text(text)

    def action_wrong(self) -> None:
        """Show all that is wrong."""
        if self._found is not None:
            self.push_screen(Page("what is wrong", summary.wrong(self._found, None)))

    def action_keys(self) -> None:
        """Show the keys."""
        self.push_screen(Page("keys", Text(KEYS)))

    def on_resize(self) -> None:
        """Lay the figures out again."""
        self._show_figures()

    def _failed(self, problem: str) -> None:
        self._problem = problem
        self._show_figures()

    def _show(self, found: FarmStanding) -> None:
        self._found, self._problem = found, ""
        span_s = float(found.figures["earnings"]["recent_s"] or 0)
        context = Context(span_s, summary.by_subject(found), calendar_of(found.figures))
        for rows in self._tables:
            rows.show(found.figures[rows.table.figures] or (), context)
        self._show_figures()
        self._show_tabs()

    def _show_figures(self) -> None:
        if self._problem:
            self._wrong.update(Text(sanitized(f"! {self._problem}"), style="bold red"))
        if self._found is None:
            return
        self._title.update(summary.title(self._found))
        if not self._problem:
            self._wrong.update(summary.wrong(self._found))
        self._money.update(summary.money(self._found, self._minutes, self.size.width))

    def _show_tabs(self) -> None:
        text = Text()
        for at, rows in enumerate(self._tables):
            count = f"{len(rows.shown):,} of {rows.count:,}" if rows.wanted else f"{rows.count:,}"
            text.append(f" {at + 1} {rows.table.title} {count} ", style="reverse" if at == self._chosen else "")
            text.append("  ")
        self._tabs.update(text)
