"""`fleet coordinator`: runs the process that holds the sessions and the ledger."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from config.load import load, without_secrets
from config.logs import set_up
from config.settings import SIMULATED_MINERS, Settings
from config.streams import never_blocking, outlive_streams
from fleet.commands.arguments.durations import DURATION, GIVE_UP, GIVE_UP_HELP
from fleet.commands.exits import EX_PROTOCOL, farm_errors, nothing_mined
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.closing import print_closing
from fleet.commands.printing.tables import EXACT
from fleet.coordinator.startup.run import run_coordinator
from fleet.coordinator.startup.start import Run
from fleet.exact_json import dump
from tasks.host.open_files import connections_within, raise_limit

_log = logging.getLogger(__name__)


@click.command("coordinator")
@click.option("--for", "for_s", type=DURATION, metavar="TIME", help="Mine for this long (90s, 5m, 1h30m), then drain.")
@click.option("--give-up", "give_up_s", type=GIVE_UP, metavar="TIME", help=GIVE_UP_HELP + " (0).")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the run's figures as the last line of stdout, one JSON object."
)
@EXACT
@click.option("--run-id", default=None, hidden=True)
@click.option("--simulated", is_flag=True, hidden=True)
@click.option("--summary-file", type=click.Path(path_type=Path), hidden=True)
@click.pass_context
def coordinator(
    ctx: click.Context,
    /,
    for_s: float | None,
    *,
    give_up_s: float | None,
    as_json: bool,
    exact: bool,
    run_id: str | None,
    simulated: bool,
    summary_file: Path | None,
) -> None:
    """Hold the sessions of all miners, hand their jobs to the workers, submit the results, book the rewards.

    Needs FLEET_SERVER and FLEET_REDIS_URL. SIGTERM drains: no new jobs, open ones finish, every session is stopped.

    \b
    Example:
      FLEET_SERVER=https://neonet.example.com \\
        FLEET_REDIS_URL=redis://:secret@localhost fleet coordinator
    """
    outlive_streams()
    # a start with an id comes from `fleet up`, which has printed the notes
    read = partial(_settings, give_up_s, simulated=simulated)
    with settings_or_exit(notes=run_id is None):
        settings = read()
    set_up(settings.log)
    _warn(settings)
    out = sys.stderr if as_json else sys.stdout
    with farm_errors(), never_blocking():
        run = Run(run_id=run_id or secrets.token_hex(8), for_s=for_s, simulated=simulated, out=out, read=read)
        figures = run_coordinator(settings, run)
    if summary_file is not None:
        summary_file.write_text(dump(figures) + "\n")
    else:
        print_closing(figures, to_stderr=as_json, as_json=settings.log.format == "json", exact=exact)
    if as_json:
        click.echo(dump(figures))
    _end(ctx, figures, reported=summary_file is not None)


def _settings(give_up_s: float | None, *, simulated: bool) -> Settings:
    """The settings as they are now. On the simulator, a farm without named miners has as many as on one machine."""
    settings = load({"give_up_s": give_up_s})
    if simulated and settings.miners is None and not settings.miner and settings.id is None:
        return load({"give_up_s": give_up_s, "miners": SIMULATED_MINERS})
    return settings


def _end(ctx: click.Context, figures: Mapping[str, Any], *, reported: bool) -> None:
    """End with the run's exit code. If `reported`, a program reads from the figures why nothing was mined."""
    failure = nothing_mined(figures)
    if failure is not None and not reported:
        raise failure
    ctx.exit(failure.exit_code if failure else 0 if figures["books"]["compared"] else EX_PROTOCOL)


def _warn(settings: Settings) -> None:
    """Log what the farm lacks: secrets that it can't read, open files that it is not allowed."""
    unread = without_secrets()
    if unread is not None:
        _log.warning(unread)
    wanted = settings.http.connections * max(len(settings.servers), 1)
    fit = connections_within(raise_limit())
    if wanted > fit:
        _log.warning(
            "%d connections to the server need more open files than are allowed: raise the limit (ulimit -Hn, "
            "LimitNOFILE=), or set FLEET_HTTP__CONNECTIONS to %d or less",
            wanted,
            max(1, fit // max(len(settings.servers), 1)),
        )
