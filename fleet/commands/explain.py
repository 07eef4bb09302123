"""`fleet explain`: the life of one job."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from config.load import load
from fleet.commands.exits import EX_DATAERR, Failure, farm_errors, settings_or_exit
from fleet.commands.tables import add, console, line, table
from fleet.ledger_explain import Life
from fleet.ledger_explain import explain as lives_of
from fleet.ledger_open import open_engine
from fleet.places import ledger_to_read


@click.group("explain")
def explain() -> None:
    """Show what became of something, and why.

    \b
    Examples:
      fleet explain job 3f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e
    """


@explain.command("job")
@click.argument("job_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def job(*, job_id: str, as_json: bool) -> None:
    """Show the life of job ID: each state with its time, who computed it, what it was paid and what proves it."""
    with settings_or_exit():
        settings = load()
    with farm_errors():
        lives = lives_of(open_engine(ledger_to_read(settings).url, read_only=True), job_id)
    if not lives:
        raise Failure(f"the ledger has no job {job_id!r}", EX_DATAERR)
    if as_json:
        click.echo(json.dumps([asdict(life) for life in lives]))
        return
    for life in lives:
        _print(life)


def _print(life: Life) -> None:
    screen = console()
    line(screen, f"{life.server} · {life.miner_id}", style="bold")
    for name, value in life.job.items():
        line(screen, f"  {name.replace('_', ' ')}: {value}")
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
                line(screen, f"  {name.replace('_', ' ')}: {entry[name]}")
