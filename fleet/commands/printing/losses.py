"""Prints what was not booked, by cause: the losses of `fleet rewards --losses`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import click

from fleet.commands.printing.sheets import piped, write_csv
from fleet.commands.printing.tables import Sheet, console, line, note_rounding
from fleet.domain.amounts import ZERO
from fleet.domain.causes import Loss
from fleet.exact_json import dump
from fleet.ledger.reports.losses import Lost
from fleet.money.readable import readable

_OFFERED = "offered NNET"
_COLUMNS = ("server", "miner", "cause", "jobs", "not_earned_nnet")


def print_losses(rows: list[Lost], *, as_json: bool, as_csv: bool, ids: bool, exact: bool) -> None:
    """Print the losses as a table, JSON or CSV."""
    if as_json:
        click.echo(dump(_stated(rows, ids=ids)))
        return
    if as_csv:
        cells = [(*_loss(row, ids=ids), str(row.jobs), f"{row.amount}") for row in rows]
        write_csv(piped(), _COLUMNS, cells)
        return
    screen, sheets = console(), []
    for server in dict.fromkeys(row.server for row in rows):
        own = [row for row in rows if row.server == server]
        sheets.append(Sheet(("miner", "cause", "jobs", _OFFERED), amounts=(_OFFERED,), right=("jobs",), exact=exact))
        for row in own:
            sheets[-1].add((*_loss(row, ids=ids)[1:], f"{row.jobs:,}", row.amount))
        sheets[-1].add(("all", "", *_sums_of(own)), style="bold")
        line(screen, f"server: {server}")
        sheets[-1].print_rows(screen)
    note_rounding(screen, sheets)
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


def _stated(rows: list[Lost], *, ids: bool) -> dict[str, object]:
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
