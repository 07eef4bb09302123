"""`fleet status`: shows what the farm is and earns at this moment, on one screen."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import click
from rich.console import Console
from rich.live import Live

from config.load import load
from fleet.commands.exits import EX_UNAVAILABLE, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.status_screen import screen_of
from fleet.commands.printing.tables import console
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.exact_json import dump
from fleet.ledger.storage.places import ledger_to_read
from fleet.status.snapshot import Severity
from fleet.status.standing import FarmStanding, standing, status_folder

#: seconds between two looks, and between two readings of a ledger whose farm does not run
_EVERY_S, _LEDGER_EVERY_S = 1.0, 15.0
#: lines of a screen that is no terminal
_LINES = 40
#: seconds without a sign of life after which a coordinator does not work
_SILENT_S = 30.0


@click.command("status")
@click.option("--watch", is_flag=True, help="Show it again every second, until Ctrl-C.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object with exact amounts; with --watch, a line each."
)
@click.option("--check", is_flag=True, help="End with exit code 69 unless the coordinator runs and nothing fails.")
@click.pass_context
def status(ctx: click.Context, /, *, watch: bool, as_json: bool, check: bool) -> None:
    """Show what the farm earns now, its miners and hosts, and what is wrong. Reads the farm's snapshot, and touches
    nothing; without a running coordinator it shows what the ledger holds.

    \b
    Examples:
      fleet status
      fleet status --watch
      fleet status --json | jq .earnings.today_nnet
      fleet status --check > /dev/null || echo "look at the farm"
    """
    if check and watch:
        raise click.UsageError("--check looks once; --watch never ends")
    with settings_or_exit():
        settings = load()
    place = ledger_to_read(settings)
    folder, calendar = status_folder(settings), Calendar(settings.time_zone)
    with farm_errors():
        shown = _show(lambda: standing(folder, place, wall_ms(), calendar), watch=watch, as_json=as_json)
    if check and (shown is None or not _works(shown)):
        ctx.exit(EX_UNAVAILABLE)


def _works(found: FarmStanding) -> bool:
    """Whether the coordinator gives signs of life, and nothing fails."""
    lives = found.runs and found.age_s is not None and found.age_s <= _SILENT_S
    return lives and not any(one.get("severity") == Severity.FAIL for one in found.figures["wrong"])


def _show(look: Callable[[], FarmStanding], *, watch: bool, as_json: bool) -> FarmStanding | None:
    """Show it once, and return it; with `watch` until Ctrl-C."""
    screen = console()
    if not watch:
        found = look()
        _print(found, screen, as_json=as_json)
        return found
    over = _until_ctrl_c()
    if screen.is_terminal and not as_json:
        _follow(look, screen, over)
        return None
    while not over.is_set():
        found = look()
        _print(found, screen, as_json=as_json)
        over.wait(_pause_s(found))
    return None


def _until_ctrl_c() -> threading.Event:
    """An event that the first Ctrl-C sets; the next one ends the process at once."""
    over = threading.Event()

    def stop(*_: object) -> None:
        over.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    return over


def _follow(look: Callable[[], FarmStanding], screen: Console, over: threading.Event) -> None:
    """Show the screen in place, until Ctrl-C."""
    found = look()
    with Live(screen_of(found, screen.height), console=screen, screen=True, auto_refresh=False) as live:
        while not over.is_set():
            live.update(screen_of(found, screen.height), refresh=True)
            over.wait(_pause_s(found))
            found = look()


def _print(found: FarmStanding, screen: Console, *, as_json: bool) -> None:
    if as_json:
        click.echo(dump(found.stated()))
    else:
        screen.print(screen_of(found, screen.height if screen.is_terminal else _LINES))


def _pause_s(found: FarmStanding) -> float:
    return _EVERY_S if found.runs else _LEDGER_EVERY_S
