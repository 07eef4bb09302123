"""The pages over the tables: one miner, host or job type, one job, all that is wrong, and the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from fleet.domain.calendar import Calendar
from fleet.status.plots import sparkline
from fleet.status.wording import dated, nnet, short
from fleet.top.columns import Row, Table
from tasks.text import sanitized

KEYS = """\
1 2 3, Tab      miners, hosts, job types
↑ ↓ PgUp PgDn   move; Home and End go to the first and the last row
Enter           open the miner, host or job type
s  S            sort by the next column, or by the one before
r               reverse the order
/               search by name; Esc ends the search
j               look a job up by its id, or the beginning of it
w               all that is wrong, and what to do
?               this page
q               quit

Rows that don't earn come first, until you sort by a column.
Figures are those of `fleet status`, read once a second; nothing is changed."""


class Page(ModalScreen[None]):
    """A page of text that Esc or q closes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,question_mark", "close", "back")]

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """The title, the text and how to go back."""
        with VerticalScroll(classes="page"):
            yield Static(Text(self._title, style="bold"))
            yield Static(self._text, id="text")
            yield Static(Text("\nEsc goes back", style="dim"))

    def set_text(self, text: Text) -> None:
        """Show another text."""
        self.query_one("#text", Static).update(text)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()


class AskJob(ModalScreen[str]):
    """Asks for a job's id."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "back")]

    def compose(self) -> ComposeResult:
        """The field."""
        yield Input(placeholder="id of a job, or its first eight characters", id="job", classes="asked")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look the job up."""
        event.stop()
        self.dismiss(event.value.strip())

    def action_close(self) -> None:
        """Look nothing up."""
        self.dismiss("")


def details(
    table: Table, row: Row, plots: Sequence[tuple[str, Sequence[Decimal]]], more: str, calendar: Calendar
) -> Text:
    """All figures of a row, its plots by title, and what `fleet explain` says of it. Times are the calendar's."""
    text = Text()
    for name, value in row.items():
        if name != table.name:
            text.append(f"{name.replace('_nnet', '').replace('_', ' '):<20}{_shown(name, value, calendar)}\n")
    for title, values in plots:
        text.append(f"\n{title}\n", style="bold")
        text.append(f"{sparkline(values, 60)}\n")
        text.append(f"{nnet(sum(values, Decimal(0)))} in all, at most {short(max(values, default=0))}\n", style="dim")
    if more:
        text.append("\n" + "\n".join(sanitized(line) for line in more.splitlines()))
    return text


def _shown(name: str, value: Any, calendar: Calendar) -> str:
    if value is None:
        return "-"
    if name.endswith("_at"):
        return dated(value, calendar)
    if name.endswith("_nnet"):
        return nnet(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{field} {_shown(field, one, calendar)}" for field, one in value.items())
    if isinstance(value, list):
        return sanitized(", ".join(map(str, value))) or "-"
    return f"{value:,}" if isinstance(value, int) else sanitized(str(value)) or "-"
