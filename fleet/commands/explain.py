"""`fleet explain`: shows the history of one job, and why a farm, a miner or a host does not earn more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import click

from config.hiding import hide_by
from config.load import load
from fleet.commands.arguments.found_jobs import found_jobs, wanted_id
from fleet.commands.exits import farm_errors
from fleet.commands.explain_earning import farm, host, miner
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import add, console, line, table
from fleet.domain.miner_names import IdHider
from fleet.ledger.miner_names import stored_names
from fleet.ledger.reports.job_history import Life
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import ledger_to_read


@click.group("explain")
def explain() -> None:
    """Show what happened to a job, or why a farm, a miner or a host does not earn more.

    \b
    Examples:
      fleet explain farm
      fleet explain miner garage-1
      fleet explain host shed --json
      fleet explain job 3f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e
      fleet explain job 3f0e6c1a
    """


for _command in (farm, miner, host):
    explain.add_command(_command)


@explain.command("job")
@click.argument("job_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def job(*, job_id: str, as_json: bool) -> None:
    """Show the life of job ID: each state with its time, who computed it, what it was paid and what proves it.

    The beginning of an id is enough, as the running output shows it, and so is Flower's id of an attempt (ID~2). With
    several servers, Flower's ids begin with the server's name (SERVER:ID); two servers may use the same id.
    """
    with settings_or_exit():
        settings = load()
    wanted = wanted_id(job_id)
    with farm_errors():
        engine = open_engine(ledger_to_read(settings).url, read_only=True)
        hide = IdHider(stored_names(engine))
        hide_by(hide)
        lives = found_jobs(engine, wanted, settings.servers)
    if as_json:
        click.echo(hide(json.dumps([asdict(life) for life in lives])))
        return
    for life in lives:
        _print(life, hide)


def _print(life: Life, hide: Callable[[str], str]) -> None:
    screen = console()
    line(screen, f"{life.server} · {life.miner}", style="bold")
    for name, value in life.job.items():
        line(screen, hide(f"  {name.replace('_', ' ')}: {value}"))
    steps = table(("time (UTC)", "state", "attempt", "after ms"))
    for step in life.steps:
        add(steps, (step.at, step.state, str(step.attempt), str(step.after_ms)))
    screen.print(steps)
    for entry in life.entries:
        line(screen, f"entry {entry['entry']}: {entry['amount_nnet']} NNET, {entry['kind']}, {entry['status']}")
        for name in (
            "booked_at",
            "evidence",
            "input_sha256",
            "result_sha256",
            "sent_sha256",
            "answered_sha256",
            "hash",
        ):
            if entry.get(name):
                line(screen, hide(f"  {name.replace('_', ' ')}: {entry[name]}"))
