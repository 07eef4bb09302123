"""`fleet top`: shows the farm on a full screen, with tables that can be sorted, searched and opened."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Sequence

import click

from config.load import load
from config.settings import Settings
from fleet.commands.exits import EX_UNAVAILABLE, Failure
from fleet.commands.loading import settings_or_exit
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.ledger.reports.history import MINUTE_MS
from fleet.ledger.storage.places import LedgerPlace, ledger_to_read
from fleet.status.history import History, history
from fleet.status.standing import standing, status_folder
from fleet.top.sources import FigureSources

#: most series of a history, so that each miner has its own
_MOST = 100_000
#: seconds after which `fleet explain` is given up
_PATIENCE_S = 60.0


@click.command("top")
def top() -> None:
    """Show the farm on a full screen: money, miners, hosts and job types, and what is wrong. Reads what `fleet status`
    reads, and changes nothing. The key ? lists all keys, and q quits.

    \b
    Examples:
      fleet top
      ssh -t farm.lan fleet top
    """
    if importlib.util.find_spec("textual") is None:
        raise Failure("`fleet top` needs Textual: pip install 'neonet-fleet[top]'", EX_UNAVAILABLE)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure("`fleet top` needs a terminal; `fleet status` prints the same figures", EX_UNAVAILABLE)
    with settings_or_exit():
        settings = load()
    importlib.import_module("fleet.top.app").Top(sources_of(settings)).run()


def sources_of(settings: Settings) -> FigureSources:
    """The figures of the farm with these settings."""
    folder, place, calendar = status_folder(settings), ledger_to_read(settings), Calendar(settings.time_zone)
    return FigureSources(
        look=lambda: standing(folder, place, wall_ms(), calendar),
        history=lambda by, hours: _history(place, by, hours),
        explain=_explain,
    )


def _history(place: LedgerPlace, by: str, hours: int) -> History:
    """The last hour by minute, without the present one, whose sum would look like a fall; or more hours by hour."""
    now_ms = wall_ms()
    step_ms, until_ms = (MINUTE_MS, now_ms // MINUTE_MS * MINUTE_MS) if hours == 1 else (HOUR_MS, now_ms)
    return history(place, None, until_ms - hours * HOUR_MS, until_ms, step_ms=step_ms, by=by, most=_MOST)


def _explain(words: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "fleet", "explain", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"`fleet explain` did not answer within {_PATIENCE_S:g} s"
    return done.stdout + done.stderr
