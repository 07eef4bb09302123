"""`fleet reconcile`: compares the booked amounts with the server's totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import click

from config.load import load
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.progress import moved
from fleet.commands.printing.short_times import short_time
from fleet.commands.printing.tables import EXACT, IDS, Cell, Sheet, console, line, to_second
from fleet.commands.printing.wallets import history_stated, print_history
from fleet.domain.amounts import ZERO
from fleet.domain.miner_names import IdHider
from fleet.exact_json import dump
from fleet.ledger.reports.differences import Comparison, comparisons
from fleet.ledger.reports.scopes import scopes
from fleet.ledger.reports.wallets import wallets_by_hour
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import ledger_to_read
from fleet.money.readable import readable

_MAX_JOB_IDS = 5


@click.command("reconcile")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; alert on its unexplained_nnet.")
@click.option("--wallets", is_flag=True, help="Show instead what each wallet held, hour by hour.")
@IDS
@EXACT
def reconcile(*, as_json: bool, wallets: bool, ids: bool, exact: bool) -> None:
    """Show what was booked beside what the server says it paid, and the explanation of each difference.

    The coordinator compares when it registers a miner, every reconcile_every_s while it mines, and when it stops; this
    command shows the last results, from the ledger alone. A server that states no totals is unverifiable. The wallet is
    the balance that the server last stated; money sent from it is a difference of its own.

    \b
    Examples:
      fleet reconcile
      fleet reconcile --json | jq .unexplained_nnet
      fleet reconcile --wallets
    """
    with settings_or_exit():
        settings = load()
    place = ledger_to_read(settings)
    if wallets:
        with farm_errors():
            held = wallets_by_hour(place)
        if as_json:
            click.echo(dump(history_stated(held, ids=ids)))
        else:
            print_history(held, ids=ids, exact=exact)
        return
    with farm_errors():
        with moved("comparing miners", quiet=as_json) as shown:
            rows = comparisons(open_engine(place.url, read_only=True), shown)
        hide = str if ids else IdHider({row.miner_id: row.miner for row in rows})
        spans = scopes(place)
    unexplained = sum((row.unexplained for row in rows), ZERO)
    if as_json:
        stated = [_stated(row, hide, ids=ids) for row in rows]
        unverifiable = sum(row.stated is None for row in rows)
        record = {"unexplained_nnet": unexplained, "unverifiable_miners": unverifiable, "scopes": spans.stated()}
        click.echo(dump(record | {"miners": stated}))
        return
    _print_table(rows, hide, ids=ids, exact=exact)
    for span in spans.lines(partial(readable, exact=exact)):
        line(console(), span)
    console().print(f"unexplained: {readable(unexplained, exact=exact)} NNET", style="red" if unexplained else "")


def _stated(row: Comparison, hide: Callable[[str], str], *, ids: bool) -> dict[str, object]:
    return {
        "server": row.server,
        "miner": row.miner,
        **({"miner_id": row.miner_id} if ids else {}),
        "since": row.since,
        "scope": "since_base",
        "booked_nnet": row.booked,
        "ledger_nnet": row.ledger,
        "unconfirmed_nnet": row.unconfirmed,
        "booked_then_nnet": row.booked_then,
        "server_nnet": row.stated,
        "answered_at": row.answered_at,
        "asked_at": row.asked_at,
        "verdict": row.verdict,
        "wallet_nnet": row.wallet,
        "wallet_at": row.wallet_at,
        "verifiable": row.stated is not None,
        "unexplained_nnet": row.unexplained,
        "findings": [
            {
                "found_at": found.found_at,
                "class": found.kind.value,
                "amount_nnet": found.amount,
                "evidence": hide(found.evidence),
                "job_ids": [hide(job_id) for job_id in found.job_ids],
            }
            for found in row.findings
        ],
    }


def _when(row: Comparison, now: datetime) -> str:
    """The time of the server's total; without one, the times of the request and of the server's last answer."""
    answered = short_time(row.answered_at, now)
    if row.stated is not None or row.asked_at is None:
        return answered or "never asked"
    return f"asked {short_time(row.asked_at, now)}, last answered {answered or 'never'}"


def _print_table(rows: Sequence[Comparison], hide: Callable[[str], str], *, ids: bool, exact: bool) -> None:
    """Print a table for each server, and below them the findings. Columns without information are left out."""
    screen = console()
    for server in dict.fromkeys(row.server for row in rows):
        line(screen, f"{server} (times in UTC)", style="bold")
        _print_server([row for row in rows if row.server == server], ids=ids, exact=exact)
    for row in rows:
        for found in row.findings:
            jobs = ", ".join(found.job_ids[:_MAX_JOB_IDS]) + (", …" if len(found.job_ids) > _MAX_JOB_IDS else "")
            sign = "+" if found.amount > 0 else ""
            amount = f"{sign}{readable(found.amount, exact=exact)} NNET"
            what = f"{amount}  {found.kind.value}: {found.evidence}" + (f"  [{jobs}]" if jobs else "")
            line(screen, f"{to_second(found.found_at)}  {row.miner}  {hide(what)}")


def _print_server(rows: Sequence[Comparison], *, ids: bool, exact: bool) -> None:
    amounts: dict[str, list[Decimal | None]] = {
        "in ledger": [row.ledger for row in rows],
        "since base": [row.booked for row in rows],
        "unconfirmed": [row.unconfirmed for row in rows],
        "booked then": [row.booked_then for row in rows],
        "server says": [row.stated for row in rows],
    }
    if amounts["in ledger"] == amounts["since base"]:
        del amounts["in ledger"]
    if not any(amounts["unconfirmed"]):
        del amounts["unconfirmed"]
    if amounts["booked then"] == amounts["since base"] or not any(row.booked_then is not None for row in rows):
        del amounts["booked then"]
    now = datetime.now(UTC)
    held = any(row.wallet is not None for row in rows)
    apart = any(row.wallet_at and to_second(row.wallet_at) != to_second(row.answered_at) for row in rows)
    names = ("miner", *amounts, "at", *(("wallet",) if held else ()), *(("wallet at",) if apart else ()), "verdict")
    sheet = Sheet(names, amounts=(*amounts, *(("wallet",) if held else ())), exact=exact)
    for number, row in enumerate(rows):
        cells: list[Cell] = [column[number] for column in amounts.values()]
        wallet = (row.wallet, short_time(row.wallet_at, now))[: held + apart]
        sheet.add([row.miner_id if ids else row.miner, *cells, _when(row, now), *wallet, row.verdict])
    sheet.print(console())
