"""`fleet log`: shows every pause, resume, drain and retry: who, what, when, why."""

from __future__ import annotations

import click

from config.load import load
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import Sheet, console, line
from fleet.control.stated import entry_stated
from fleet.control.wording import logged
from fleet.domain.calendar import Calendar
from fleet.exact_json import dump
from fleet.status.control_desk import desk

#: entries shown unless told otherwise
_MOST = 50


@click.command("log")
@click.option("--last", type=click.IntRange(1), default=_MOST, show_default=True, help="Show this many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def log(*, last: int, as_json: bool) -> None:
    """Show the last changes of what is paused: when, what, by whom and why. Times are of the farm's time_zone; JSON
    has them in UTC.

    \b
    Examples:
      fleet log
      fleet log --last 5 --json
    """
    with settings_or_exit():
        settings = load()
    calendar = Calendar(settings.time_zone)
    with farm_errors():
        entries = desk(settings, reads=True).book.log(last)
    if as_json:
        click.echo(dump({"entries": [entry_stated(entry) for entry in entries]}))
        return
    screen = console()
    if not entries:
        line(screen, "nothing was ever paused; `fleet pause --help` says how")
        return
    sheet = Sheet(("time", "what", "change", "by", "reason"))
    for entry in entries:
        at = f"{calendar.local(entry.at_ms):%Y-%m-%d %H:%M:%S}"
        sheet.add((at, entry.target.shown, logged(entry, calendar, entry.at_ms), entry.who, entry.reason))
    sheet.print(screen)
