"""`fleet rewards`: shows the farm's rewards.

One file: rewards and losses share their options and formats (table, JSON, CSV).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import click

from config.load import load
from fleet.commands.exits import farm_errors, settings_or_exit
from fleet.commands.sheets import piped, write_csv
from fleet.commands.tables import EXACT, IDS, Sheet, console, line
from fleet.commands.wallets import print_stated, stated_figures
from fleet.domain.amounts import ZERO
from fleet.domain.causes import Loss
from fleet.exact_json import dump
from fleet.ledger.places import ledger_to_read
from fleet.ledger.reports.entry_range import clock_jumps
from fleet.ledger.reports.losses import Lost, losses
from fleet.ledger.reports.rewards import GROUPINGS, Reward, rewards_by
from fleet.ledger.reports.scopes import scopes
from fleet.ledger.reports.wallets import Stated, stated_by_miner
from fleet.money.readable import readable
from fleet.money.scopes import stamp

#: groupings that a jump of the clock distorts
_BY_TIME = ("hour", "day")
_LOSS_COLUMNS = ("server", "miner", "cause", "jobs", "not_earned_nnet")
_COLUMNS = ("payments", "unconfirmed", "jobs_nnet", "heartbeats_nnet", "adjustments_nnet", "total_nnet")
#: columns that a table shows even when they are all zero
_ALWAYS = ("payments", "total_nnet")


@click.command("rewards")
@click.option(
    "--by",
    type=click.Choice(list(GROUPINGS)),
    default="miner",
    help="Group by this; hours and days are UTC, the tags of a miner are one group.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with exact amounts.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with exact amounts.")
@click.option("--losses", "lost", is_flag=True, help="Show instead what was not booked, by cause.")
@IDS
@EXACT
def rewards(*, by: str, as_json: bool, as_csv: bool, lost: bool, ids: bool, exact: bool) -> None:
    """Show what the farm earned, exactly as the server paid it. Reads the ledger while the farm runs, too.

    \b
    Examples:
      fleet rewards
      fleet rewards --by day --csv
      fleet rewards --losses
    """
    if ids and not lost and by != "miner":
        raise click.UsageError("--ids goes with --by miner")
    with settings_or_exit():
        settings = load()
    place = ledger_to_read(settings)
    if lost:
        with farm_errors():
            _show_losses(losses(place), as_json=as_json, as_csv=as_csv, ids=ids, exact=exact)
        return
    with farm_errors():
        tags = {miner.id.lower(): ", ".join(sorted(miner.tags)) for miner in settings.miner}
        rows = rewards_by(place, by, tags)
        # a spreadsheet has only one scope, the ledger's
        spans = None if as_csv else scopes(place)
        jumps = clock_jumps(place) if by in _BY_TIME else []
        answers = [] if as_csv or by != "miner" else stated_by_miner(place)
    if as_json:
        stated = _stated(rows, by, answers, simulated=place.simulated, ids=ids)
        if by in _BY_TIME:
            stated["clock_jumps"] = [{"from": stamp(jump.from_ms), "to": stamp(jump.to_ms)} for jump in jumps]
        click.echo(dump(stated | {"scopes": spans.stated() if spans else None}))
    elif as_csv:
        _write_csv(rows, by, ids=ids)
    else:
        said = spans.lines(partial(readable, exact=exact)) if spans else []
        _print_table(rows, by, said, answers, simulated=place.simulated, ids=ids, exact=exact)
    if not as_json:
        for jump in jumps:
            click.echo(f"{jump.text}; hours and days are those of the clock at that time", err=True)


def _stated(rows: list[Reward], by: str, answers: Sequence[Stated], *, simulated: bool, ids: bool) -> dict[str, object]:
    """The rows as a JSON object; rows of miners also have what the server stated of them."""
    last = {(one.server, one.miner): one for one in answers}
    groups = [
        {"server": row.server, by: row.group}
        | ({"miner_id": row.miner_id} if ids else {})
        | _figures(row)
        | (stated_figures(last.get((row.server, row.group))) if by == "miner" else {})
        for row in rows
    ]
    total = sum((row.total_nnet for row in rows), ZERO)
    return {"by": by, "simulated": simulated, "scope": "ledger", "total_nnet": total, "rows": groups}


def _write_csv(rows: list[Reward], by: str, *, ids: bool) -> None:
    more = ("miner_id",) if ids else ()
    cells = (
        [row.server, row.group, *([row.miner_id] if ids else []), *map(str, _figures(row).values())] for row in rows
    )
    write_csv(piped(), ("server", by, *more, *_COLUMNS), cells)


def _show_losses(rows: list[Lost], *, as_json: bool, as_csv: bool, ids: bool, exact: bool) -> None:
    if as_json:
        click.echo(dump(_stated_losses(rows, ids=ids)))
        return
    if as_csv:
        cells = [(*_loss(row, ids=ids), str(row.jobs), f"{row.amount}") for row in rows]
        write_csv(piped(), _LOSS_COLUMNS, cells)
        return
    sheet = Sheet(
        ("server", "miner", "cause", "jobs", "offered NNET"), amounts=("offered NNET",), right=("jobs",), exact=exact
    )
    for row in rows:
        sheet.add((*_loss(row, ids=ids), str(row.jobs), row.amount))
    sheet.add(("all", "", "", *_sums_of(rows)), style="bold")
    screen = console()
    sheet.print(screen)
    unknown = [row for row in rows if row.cause is Loss.ANSWER_LOST]
    for words, some in (
        ("not earned", [row for row in rows if row.cause is not Loss.ANSWER_LOST]),
        ("unknown whether paid, since the answer was lost (the server's totals decide)", unknown),
    ):
        if some or some is not unknown:
            count, amount = _sums_of(some)
            line(screen, f"the whole ledger: {count} jobs, {readable(amount, exact=exact)} NNET {words}")


def _loss(row: Lost, *, ids: bool) -> tuple[str, str, str]:
    return row.server, row.miner_id if ids else row.miner, row.cause.value


def _sums_of(rows: Sequence[Lost]) -> tuple[str, Decimal]:
    """The number of jobs, and the NNET offered for them."""
    return str(sum(row.jobs for row in rows)), sum((row.amount for row in rows), ZERO)


def _stated_losses(rows: list[Lost], *, ids: bool) -> dict[str, object]:
    """The losses as a JSON object."""
    by_cause = [
        {
            "cause": cause.value,
            "jobs": sum(row.jobs for row in rows if row.cause is cause),
            "not_earned_nnet": sum((row.amount for row in rows if row.cause is cause), ZERO),
        }
        for cause in Loss
    ]
    stated = [
        {
            "server": row.server,
            "miner": row.miner,
            **({"miner_id": row.miner_id} if ids else {}),
            "cause": row.cause.value,
            "jobs": row.jobs,
            "not_earned_nnet": row.amount,
        }
        for row in rows
    ]
    total = sum((row.amount for row in rows), ZERO)
    jobs = sum(row.jobs for row in rows)
    return {"scope": "ledger", "jobs": jobs, "not_earned_nnet": total, "by_cause": by_cause, "rows": stated}


def _figures(row: Reward) -> dict[str, object]:
    return {name: getattr(row, name) for name in _COLUMNS}


def _print_table(
    rows: list[Reward],
    by: str,
    spans: Sequence[str],
    answers: Sequence[Stated],
    *,
    simulated: bool,
    ids: bool,
    exact: bool,
) -> None:
    """Print the rows, without columns that are all zero or that name the same server in every row."""
    names = [name for name in _COLUMNS if name in _ALWAYS or any(getattr(row, name) for row in rows)]
    figures = {name: name.replace("_nnet", " NNET") for name in names}
    servers = {row.server for row in rows}
    where = ("server",) if len(servers) > 1 else ()
    amounts = tuple(shown for name, shown in figures.items() if name.endswith("_nnet"))
    sheet = Sheet((*where, by, *figures.values()), amounts=amounts, right=tuple(figures.values()), exact=exact)
    for row in rows:
        group = row.miner_id if ids and row.miner_id else row.group
        sheet.add((*((row.server,) if where else ()), group, *(getattr(row, name) for name in names)))
    totals = (sum((getattr(row, name) for row in rows), ZERO) for name in names)
    sheet.add(("all", *(("",) if where else ()), *totals), style="bold")
    screen = console()
    if len(servers) == 1:
        line(screen, f"server: {servers.pop()}")
    sheet.print(screen)
    for span in spans:
        line(screen, span)
    if answers:
        line(screen, "booked amounts, and what the server last stated:", style="bold")
        booked = {(row.server, row.group): row.total_nnet for row in rows}
        print_stated(answers, booked, ids=ids, exact=exact)
    if simulated:
        screen.print("simulated: these rewards are not real", style="yellow")
