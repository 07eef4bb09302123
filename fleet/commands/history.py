"""`fleet history`: shows what was earned over time, as a plot in plain text.

`fleet rewards` groups what was paid. This command shows equal steps, and so also those in which nothing was.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import click
from rich.cells import cell_len
from rich.console import Console

from config.load import load
from fleet.commands.arguments.durations import Duration
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.progress import moved
from fleet.commands.printing.tables import GAP, Sheet, console, line
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.exact_json import dump
from fleet.ledger.storage.places import ledger_to_read
from fleet.money.readable import aligned
from fleet.status.history import BY, MOST_STEPS, History, Series
from fleet.status.history import history as history_of
from fleet.status.plots import bar, sparkline
from tasks.text import sanitized

#: steps to choose from, in seconds, and how many of them a screen has room for
_STEPS_S, _SHOWN = (60, 300, 900, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 86_400, 7 * 86_400), 60
_TWO_YEARS_S = 2 * 366 * 86_400.0
_LONG = Duration(longest_s=_TWO_YEARS_S)
#: columns of a bar and of a line where there is room, and at least
_WIDTH, _NARROWEST = 40, 8


@click.command("history")
@click.option("--last", "last_s", type=_LONG, default="24h", show_default=True, help="How far back, e.g. 90m or 30d.")
@click.option("--step", "step_s", type=_LONG, help="Length of a step, whole minutes; unset: what fits on a screen.")
@click.option("--by", type=click.Choice(list(BY)), default="farm", show_default=True, help="A line for each of these.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with exact amounts and no rounding.")
def history(*, last_s: float, step_s: float | None, by: str, as_json: bool) -> None:
    """Show what was earned over time, from the ledger: a restart loses none of it. Steps below an hour are read from
    single payments, which takes a few seconds a million.

    \b
    Examples:
      fleet history
      fleet history --last 2h --by miner
      fleet history --last 30d --step 1d --json
    """
    step_ms = _step_ms(last_s, step_s)
    with settings_or_exit():
        settings = load()
    place, calendar, now_ms = ledger_to_read(settings), Calendar(settings.time_zone), wall_ms()
    with farm_errors(), moved("reading the ledger", quiet=as_json) as shown:
        found = history_of(place, None, now_ms - int(last_s * 1000), now_ms, step_ms=step_ms, by=by, shown=shown)
    if as_json:
        click.echo(dump({"simulated": place.simulated, **found.stated()}))
    elif by == "farm":
        _print_farm(found, calendar)
    else:
        _print_series(found, calendar)
    if place.simulated and not as_json:
        console().print("simulated: these rewards are not real", style="yellow")


def _step_ms(last_s: float, step_s: float | None) -> int:
    """The length of a step. Raises UsageError for one that is not whole minutes, or too short."""
    if step_s is None:
        step_s = next((one for one in _STEPS_S if last_s / one <= _SHOWN), _STEPS_S[-1])
    if step_s % 60:
        raise click.UsageError("--step is whole minutes")
    if last_s / step_s + 1 > MOST_STEPS:
        raise click.UsageError(f"these are more than {MOST_STEPS:,} steps: name a longer --step")
    return int(step_s * 1000)


def _print_farm(found: History, calendar: Calendar) -> None:
    """A bar for each step."""
    top, screen = max(found.farm.nnet), console()
    line(screen, f"time zone: {calendar.name}")
    starts = [
        f"{calendar.local(found.first_ms + number * found.step_ms):%m-%d %H:%M}"
        for number in range(len(found.farm.nnet))
    ]
    width = _room(screen, starts, [found.farm])
    sheet = Sheet(("from", "", "NNET", "jobs"), amounts=("NNET",), right=("jobs",))
    for start, amount, jobs in zip(starts, found.farm.nnet, found.farm.jobs, strict=True):
        sheet.add((start, bar(amount, top, width), amount, f"{jobs:,}"))
    sheet.add(("all", "", found.farm.total, f"{sum(found.farm.jobs):,}"), style="bold")
    sheet.print(screen)


def _print_series(found: History, calendar: Calendar) -> None:
    """A line for each name, scaled by the largest of its own values."""
    screen = console()
    first, end = (calendar.local(found.first_ms + at * found.step_ms) for at in (0, len(found.farm.nnet)))
    line(screen, f"{first:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {calendar.name}; each line has its own scale")
    names = [sanitized(one.name) for one in found.series]
    width = _room(screen, [found.by, *names], [*found.series, found.farm])
    sheet = Sheet((found.by, "", "NNET", "jobs"), amounts=("NNET",), right=("jobs",))
    for name, one in zip(names, found.series, strict=True):
        sheet.add((name, sparkline(one.nnet, width), one.total, f"{sum(one.jobs):,}"))
    total: Decimal = found.farm.total
    sheet.add(("all", sparkline(found.farm.nnet, width), total, f"{sum(found.farm.jobs):,}"), style="bold")
    sheet.print(screen)


def _room(screen: Console, names: Sequence[str], series: Sequence[Series]) -> int:
    """The columns that a terminal leaves for bars or lines beside the names and the figures."""
    amounts = max(map(len, aligned([amount for one in series for amount in (*one.nnet, one.total)])))
    jobs = max(len(f"{sum(one.jobs):,}") for one in series)
    taken = max(map(cell_len, names)) + max(amounts, len("NNET")) + max(jobs, len("jobs")) + 3 * len(GAP)
    return max(min(_WIDTH, screen.width - taken), _NARROWEST)
