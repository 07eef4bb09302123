"""`fleet up`: runs a whole farm on this machine."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any

import click

from config.load import load
from config.settings import Settings
from config.sources import variable
from config.streams import never_blocking, outlive_streams
from fleet.commands.arguments.counts import COUNT
from fleet.commands.arguments.durations import DURATION, GIVE_UP, GIVE_UP_HELP
from fleet.commands.exits import farm_errors, nothing_mined
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.closing import print_closing
from fleet.commands.printing.tables import EXACT
from fleet.local.launch import Plan
from fleet.local.supervisor import LocalFarm
from fleet.server.http.authorities import check_authorities
from fleet.server.http.choice import chosen

#: simulated latency in ms, slow enough to read the output as it appears
_DEMO_LATENCY_MS = "200"
#: seconds to wait for a first job; short, since a user is present who can fix a mistake
_GIVE_UP_S = 120.0


@click.command("up")
@click.option("--server", metavar="URL", help="NeoNet server; without one, a simulator whose rewards are not real.")
@click.option("--id", "miner_id", metavar="ID", help="Id of the only miner, visible in ps; without, ids are generated.")
@click.option("--cpu", type=click.IntRange(1, 4096), help="CPU cores that each miner declares (the hosts').")
@click.option(
    "--gpu-mem",
    type=click.IntRange(0),
    metavar="MB",
    help="GPU memory that each miner declares; 0: no GPU (the hosts').",
)
@click.option("--gpu-model", metavar="NAME", help="GPU model that each miner declares (the hosts').")
@click.option("--miners", type=COUNT, metavar="N", help="How many, or auto (8 simulated, auto on a server).")
@click.option("--workers", type=click.IntRange(1, 4096), metavar="N", help="Worker processes (the machine's cores).")
@click.option("--for", "for_s", type=DURATION, metavar="TIME", help="Mine for this long (90s, 5m, 1h30m), then drain.")
@click.option("--give-up", "give_up_s", type=GIVE_UP, metavar="TIME", help=GIVE_UP_HELP + " (2m).")
@click.option("--dialect", type=click.Choice(["a", "b", "c"]), default="b", help="The simulator's release.")
@click.option(
    "--latency", default=_DEMO_LATENCY_MS, metavar="MS", type=click.FloatRange(0), help="The simulator's delay a call."
)
@click.option("--json", "as_json", is_flag=True, help="Print the run's figures as the last line of stdout.")
@EXACT
@click.pass_context
def up(
    ctx: click.Context,
    /,
    *,
    miner_id: str | None,
    for_s: float | None,
    dialect: str,
    latency: float,
    as_json: bool,
    exact: bool,
    **flags: Any,
) -> None:
    """Start Redis, workers, Flower and the coordinator, and mine until Ctrl-C.

    Ctrl-C drains: no new jobs, open ones finish, results are submitted, every session is stopped. A second one stops at
    once; the next start continues from the ledger.

    \b
    Examples:
      fleet up
      fleet up --server https://neonet.example.com --cpu 8
      fleet up --id my_miner_001 --gpu-mem 8192 --gpu-model "RTX 4090"
      fleet up --miners 8 --for 60s --json
    """
    given = {"id": miner_id, "worker.concurrency": flags.pop("workers")} | flags
    outlive_streams()
    with settings_or_exit():
        settings = load(given)
        if settings.give_up_s is None:
            given["give_up_s"] = _GIVE_UP_S
    overrides = {variable(name): str(value) for name, value in given.items() if value is not None}
    simulator = ("--dialect", dialect, "--latency", f"{latency:g}")
    plan = Plan(for_s=for_s, simulator=simulator, overrides=overrides, out=sys.stderr if as_json else sys.stdout)
    with farm_errors(), never_blocking():
        check_authorities(settings.http.ca_file)
        chosen(settings.http.engine)
        ended = LocalFarm(settings, plan).run()
    if ended.summary:
        _close(ended.summary, settings, as_json=as_json, exact=exact)
    ctx.exit(ended.exit_code)


def _close(summary: str, settings: Settings, *, as_json: bool, exact: bool) -> None:
    """Print the figures of the run. Raises a Failure if nothing was mined."""
    figures = json.loads(summary, parse_float=Decimal)
    print_closing(figures, to_stderr=as_json, as_json=settings.log.format == "json", exact=exact)
    if as_json:
        click.echo(summary)
    failure = nothing_mined(figures)
    if failure is not None:
        raise failure
