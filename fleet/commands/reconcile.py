"""`fleet reconcile`: compares the booked amounts with the server's totals."""

from __future__ import annotations

from decimal import Decimal

import click

from config.load import load
from fleet.commands.exits import farm_errors, settings_or_exit
from fleet.commands.tables import add, console, line, table
from fleet.domain.amounts import ZERO
from fleet.exact_json import dump
from fleet.ledger.engine import open_engine
from fleet.ledger.places import ledger_to_read
from fleet.ledger.reports.differences import Comparison, comparisons
from fleet.ledger.reports.scopes import scopes

_MAX_JOB_IDS = 5


@click.command("reconcile")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; alert on its unexplained_nnet.")
@click.option("--ids", is_flag=True, help="Show the miners' ids, too: whoever reads one can spend its money.")
def reconcile(*, as_json: bool, ids: bool) -> None:
    """Show what was booked against what the server says it paid, each difference with what explains it.

    The coordinator compares when it registers a miner, every reconcile_every_s while it mines, and when it stops; this
    command shows where that stands, from the ledger alone. A server that tells no totals is unverifiable.

    \b
    Examples:
      fleet reconcile
      fleet reconcile --json | jq .unexplained_nnet
    """
    with settings_or_exit():
        settings = load()
    place = ledger_to_read(settings)
    with farm_errors():
        rows = comparisons(open_engine(place.url, read_only=True))
        spans = scopes(place)
    unexplained = sum((row.unexplained for row in rows), ZERO)
    if as_json:
        stated = [_stated(row, ids=ids) for row in rows]
        unverifiable = sum(row.stated is None for row in rows)
        told = {"unexplained_nnet": unexplained, "unverifiable_miners": unverifiable, "scopes": spans.stated()}
        click.echo(dump(told | {"miners": stated}))
        return
    _print_table(rows, ids=ids)
    for span in spans.lines():
        line(console(), span)
    console().print(f"unexplained: {unexplained} NNET", style="red" if unexplained else "")


def _stated(row: Comparison, *, ids: bool) -> dict[str, object]:
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
        "verifiable": row.stated is not None,
        "unexplained_nnet": row.unexplained,
        "findings": [
            {
                "found_at": found.found_at,
                "class": found.kind.value,
                "amount_nnet": found.amount,
                "evidence": found.evidence,
                "job_ids": list(found.job_ids),
            }
            for found in row.findings
        ],
    }


def _words(amount: Decimal | None) -> str:
    return "not stated" if amount is None else f"{amount}"


def _when(row: Comparison) -> str:
    """The time of the server's total; where it stated none, the times of the question and of its last answer."""
    if row.stated is not None or row.asked_at is None:
        return row.answered_at or "never asked"
    return f"asked {row.asked_at}, last answered {row.answered_at or 'never'}"


def _print_table(rows: list[Comparison], *, ids: bool) -> None:
    screen = console()
    shown = table(
        ("server", "miner", "in ledger", "since base", "unconfirmed", "server says", "booked then", "at", "verdict")
    )
    for row in rows:
        stated, then = (_words(amount) for amount in (row.stated, row.booked_then))
        amounts = (f"{row.ledger}", f"{row.booked}", f"{row.unconfirmed}", stated, then)
        add(shown, (row.server, row.miner_id if ids else row.miner, *amounts, _when(row), row.verdict))
    screen.print(shown)
    for row in rows:
        for found in row.findings:
            jobs = ", ".join(found.job_ids[:_MAX_JOB_IDS]) + (", …" if len(found.job_ids) > _MAX_JOB_IDS else "")
            what = f"{found.amount:+f} NNET  {found.kind.value}: {found.evidence}" + (f"  [{jobs}]" if jobs else "")
            line(screen, f"{found.found_at}  {row.miner}  {what}")
