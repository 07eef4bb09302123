"""`fleet rewards`: shows the farm's rewards as a table, JSON or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import click

from config.load import load
from fleet.commands.arguments.dates import Period, with_period
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.losses import print_losses
from fleet.commands.printing.rewards_sheet import rewards_sheet
from fleet.commands.printing.sheets import piped, write_csv
from fleet.commands.printing.tables import EXACT, IDS, console, line, note_rounding
from fleet.commands.printing.wallets import print_stated, stated_figures
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import Jump
from fleet.exact_json import dump
from fleet.ledger.reports.entry_range import clock_jumps
from fleet.ledger.reports.host_rewards import rewards_by_host
from fleet.ledger.reports.losses import losses
from fleet.ledger.reports.rewards import BY_TIME, GROUPINGS, Reward, rewards_by
from fleet.ledger.reports.scopes import LedgerScopes, scopes
from fleet.ledger.reports.sqlite_reader import one_moment
from fleet.ledger.reports.wallets import Stated, stated_by_miner
from fleet.ledger.storage.places import LedgerPlace, ledger_to_read
from fleet.money.readable import readable
from fleet.money.scopes import stamp

_COLUMNS = ("payments", "unconfirmed", "jobs_nnet", "heartbeats_nnet", "adjustments_nnet", "total_nnet")
#: columns that a table shows even when they are all zero
_ALWAYS = ("payments", "total_nnet")


@click.command("rewards")
@click.option(
    "--by",
    type=click.Choice([*GROUPINGS, "host"]),
    default="miner",
    help="Group by this; the tags of a miner are one group, weeks are those of ISO 8601.",
)
@with_period
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with exact amounts.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with exact amounts.")
@click.option("--losses", "lost", is_flag=True, help="Show instead what was not booked, by cause.")
@IDS
@EXACT
def rewards(*, by: str, period: Period, as_json: bool, as_csv: bool, lost: bool, ids: bool, exact: bool) -> None:
    """Show what the farm earned, exactly as the server paid it. Reads the ledger while the farm runs, too.

    \b
    Examples:
      fleet rewards
      fleet rewards --by day --csv
      fleet rewards --by week --tz Europe/Berlin --from 2026-10-01
      fleet rewards --by host --from 2026-11-01
      fleet rewards --losses
    """
    _check(by, period, lost=lost, ids=ids)
    with settings_or_exit():
        settings = load()
    place, calendar = ledger_to_read(settings), Calendar(period.zone or settings.time_zone)
    with farm_errors():
        if lost:
            print_losses(losses(place), as_json=as_json, as_csv=as_csv, ids=ids, exact=exact)
            return
        tags = {miner.id.lower(): ", ".join(sorted(miner.tags)) for miner in settings.miner}
        with one_moment(place):
            found = _read(place, by, tags, calendar, period)
    if as_json:
        click.echo(dump(_stated(found, calendar, period, simulated=place.simulated, ids=ids)))
    elif as_csv:
        _write_csv(found, ids=ids)
    else:
        _print_table(found, calendar, simulated=place.simulated, ids=ids, exact=exact)
    if not as_json:
        for jump in found.jumps:
            click.echo(f"{jump.text}; hours and days are those of the clock at that time", err=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What the ledger holds for a report."""

    by: str
    rows: list[Reward]
    #: whether the groups or the period are those of a calendar
    dated: bool
    scopes: LedgerScopes
    jumps: list[Jump]
    #: what the server last stated of each miner; empty for other groups, and for a part of what was booked
    server: dict[tuple[str, str], Stated]


def _read(place: LedgerPlace, by: str, tags: Mapping[str, str], calendar: Calendar, period: Period) -> _Found:
    days = period.days
    rows = rewards_by_host(place, calendar, days) if by == "host" else rewards_by(place, by, tags, calendar, days)
    dated = by in BY_TIME or period.bounded
    stated = stated_by_miner(place) if by == "miner" and not period.bounded else []
    return _Found(
        by=by,
        rows=rows,
        dated=dated,
        scopes=scopes(place),
        jumps=clock_jumps(place) if dated else [],
        server={(one.server, one.miner): one for one in stated},
    )


def _check(by: str, period: Period, *, lost: bool, ids: bool) -> None:
    """Raise UsageError for options that don't go together."""
    if ids and not lost and by != "miner":
        raise click.UsageError("--ids goes with --by miner")
    if lost and (period.bounded or period.zone):
        raise click.UsageError("--losses are those of the whole ledger: leave out --from, --to and --tz")


def _stated(found: _Found, calendar: Calendar, period: Period, *, simulated: bool, ids: bool) -> dict[str, object]:
    """The rows as a JSON object; rows of miners also have what the server stated of them."""
    groups = [
        {"server": row.server, found.by: row.group}
        | ({"miner_id": row.miner_id} if ids else {})
        | _figures(row)
        | _server_figures(row, found)
        for row in found.rows
    ]
    jumps = [{"from": stamp(jump.from_ms), "to": stamp(jump.to_ms)} for jump in found.jumps]
    return {
        "by": found.by,
        "simulated": simulated,
        "scope": "ledger",
        "total_nnet": sum((row.total_nnet for row in found.rows), ZERO),
        "rows": groups,
        "time_zone": calendar.name,
        **period.stated(),
        **({"clock_jumps": jumps} if found.dated else {}),
        "scopes": found.scopes.stated(),
    }


def _write_csv(found: _Found, *, ids: bool) -> None:
    """Print the rows; those of miners also have what the server stated of them, as in the JSON."""
    more = tuple(stated_figures(None)) if found.by == "miner" else ()
    cells = (
        [
            row.server,
            row.group,
            *([row.miner_id] if ids else []),
            *map(str, _figures(row).values()),
            *("" if value is None else str(value) for value in _server_figures(row, found).values()),
        ]
        for row in found.rows
    )
    write_csv(piped(), ("server", found.by, *(("miner_id",) if ids else ()), *_COLUMNS, *more), cells)


def _server_figures(row: Reward, found: _Found) -> dict[str, object]:
    return stated_figures(found.server.get((row.server, row.group))) if found.by == "miner" else {}


def _figures(row: Reward) -> dict[str, object]:
    return {name: getattr(row, name) for name in _COLUMNS}


def _print_table(found: _Found, calendar: Calendar, *, simulated: bool, ids: bool, exact: bool) -> None:
    """Print a table for each server, and what is summed up over all of them."""
    rows, screen = found.rows, console()
    names = [name for name in _COLUMNS if name in _ALWAYS or any(getattr(row, name) for row in rows)]
    servers = list(dict.fromkeys(row.server for row in rows))
    sheets = []
    for server in servers:
        line(screen, f"server: {server}", style="bold" if len(servers) > 1 else "")
        sheets.append(
            rewards_sheet(found.by, names, [row for row in rows if row.server == server], ids=ids, exact=exact)
        )
        sheets[-1].print_rows(screen)
    if len(servers) != 1:
        sheets.append(rewards_sheet("all servers", names, rows, ids=ids, exact=exact, summed=True))
        sheets[-1].print_rows(screen)
    note_rounding(screen, sheets)
    if found.dated:
        line(screen, f"time zone: {calendar.name}")
    for text in found.scopes.lines(partial(readable, exact=exact)):
        line(screen, text)
    if found.server:
        booked = {(row.server, row.group): row.total_nnet for row in rows}
        print_stated(list(found.server.values()), booked, ids=ids, exact=exact)
    if simulated:
        screen.print("simulated: these rewards are not real", style="yellow")
