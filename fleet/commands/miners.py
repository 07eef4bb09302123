"""`fleet miners`: shows the farm's miners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import click
from rich.console import Console

from config.load import load
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.short_times import short_time
from fleet.commands.printing.tables import EXACT, IDS, Sheet, console, line
from fleet.exact_json import dump
from fleet.ledger.reports.miners import STATES, MinerRow, miner_rows
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import ledger_to_read


@click.command("miners")
@click.option("--all", "shows_all", is_flag=True, help="Show closed miners, too, and those that were never opened.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all miners and exact amounts.")
@IDS
@EXACT
def miners(*, shows_all: bool, as_json: bool, ids: bool, exact: bool) -> None:
    """Show the miners: name, since when the session is open, jobs paid and what they earned. Those without a session
    are only counted, if any has one.

    A miner's id is the key to its wallet at the server, so only its name is shown; --ids adds the ids.

    \b
    Examples:
      fleet miners
      fleet miners --all --ids
      fleet miners --json
    """
    with settings_or_exit():
        settings = load()
    with farm_errors():
        rows = miner_rows(open_engine(ledger_to_read(settings).url, read_only=True))
    if as_json:
        tags = {miner.id.lower(): list(miner.tags) for miner in settings.miner}
        click.echo(dump({"miners": [_stated(row, tags.get(row.miner_id, []), ids=ids) for row in rows]}))
        return
    screen, now = console(), datetime.now(UTC)
    for server in dict.fromkeys(row.server for row in rows):
        own = [row for row in rows if row.server == server]
        shown = _first(own, shows_all=shows_all)
        line(screen, f"{server} (times in UTC)", style="bold")
        _print(screen, shown, now, ids=ids, exact=exact)
        left = Counter(row.state for row in own) - Counter(row.state for row in shown)
        if left:
            words = ", ".join(f"{count:,} {state}" for state, count in sorted(left.items()))
            line(screen, f"and {words}: fleet miners --all", style="dim")
    if not rows:
        line(screen, "this ledger knows no miner yet")


def _first(rows: Sequence[MinerRow], *, shows_all: bool) -> list[MinerRow]:
    """The rows to show, the open ones first; without any, those that were open before."""
    by_state = {state: [row for row in rows if row.state == state] for state in STATES}
    if shows_all:
        return [row for some in by_state.values() for row in some]
    return next((some for some in by_state.values() if some), [])


def _print(screen: Console, rows: Sequence[MinerRow], now: datetime, *, ids: bool, exact: bool) -> None:
    """A table; that of one state leaves out what all of its rows have in common."""
    several, opened = len({row.state for row in rows}) > 1, any(row.session_since for row in rows)
    names = ("miner", *(("id",) if ids else ()), *(("session",) if several or not opened else ()))
    columns = (*names, *(("open since",) if opened else ()), "jobs", "NNET", "last paid")
    sheet = Sheet(columns, amounts=("NNET",), right=("jobs",), exact=exact)
    for row in rows:
        given: dict[str, str | Decimal] = {
            "miner": row.name,
            "id": row.miner_id,
            "session": row.state,
            "open since": short_time(row.session_since, now),
            "jobs": f"{row.jobs_paid:,}",
            "NNET": row.booked,
            "last paid": short_time(row.paid_at, now) or "never",
        }
        sheet.add([given[name] for name in columns])
    sheet.print(screen)


def _stated(row: MinerRow, tags: list[str], *, ids: bool) -> dict[str, str | int | Decimal | list[str] | None]:
    return {
        "server": row.server,
        "miner": row.name,
        **({"miner_id": row.miner_id} if ids else {}),
        "tags": tags,
        "state": row.state,
        "session_since": row.session_since,
        "heartbeat_at": row.heartbeat_at,
        "jobs_paid": row.jobs_paid,
        "ledger_nnet": row.booked,
        "paid_at": row.paid_at,
    }
