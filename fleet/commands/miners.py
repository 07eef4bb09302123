"""`fleet miners`: shows the farm's miners."""

from __future__ import annotations

from decimal import Decimal

import click

from config.load import load
from fleet.commands.exits import farm_errors, settings_or_exit
from fleet.commands.tables import EXACT, IDS, Sheet, console, to_second
from fleet.exact_json import dump
from fleet.ledger.engine import open_engine
from fleet.ledger.places import ledger_to_read
from fleet.ledger.reports.miners import MinerRow, miner_rows


@click.command("miners")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with exact amounts.")
@IDS
@EXACT
def miners(*, as_json: bool, ids: bool, exact: bool) -> None:
    """Show the miners that this ledger knows, opened or not: name, session, jobs paid and what they earned.

    A miner's id is the key to its wallet at the server, so only its name is shown; --ids adds the ids.

    \b
    Examples:
      fleet miners
      fleet miners --ids --json
    """
    with settings_or_exit():
        settings = load()
    with farm_errors():
        rows = miner_rows(open_engine(ledger_to_read(settings).url, read_only=True))
    tags = {miner.id.lower(): list(miner.tags) for miner in settings.miner}
    if as_json:
        click.echo(dump({"miners": [_stated(row, tags.get(row.miner_id, []), ids=ids) for row in rows]}))
        return
    columns = ("server", "miner", *(("id",) if ids else ()), "session", "since", "jobs", "NNET", "last paid")
    shown = Sheet(columns, amounts=("NNET",), right=("jobs",), exact=exact)
    for row in rows:
        paid_at = to_second(row.paid_at) or "never"
        figures = (row.state, to_second(row.session_since), f"{row.jobs_paid}", row.booked, paid_at)
        shown.add((row.server, row.name, *((row.miner_id,) if ids else ()), *figures))
    shown.print(console())


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
