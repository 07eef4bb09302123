"""`fleet explain farm`, `miner` and `host`: show why each does not earn more, the most costly reason first."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from config.load import load
from config.settings import Settings
from fleet.commands.exits import EX_DATAERR, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import console, line
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.exact_json import dump
from fleet.health.reasons import Hindrance, LostToday, reasons
from fleet.health.symptom import FARM, host_subject, miner_subject
from fleet.ledger.reports.advice import kept_advice
from fleet.ledger.reports.losses import losses
from fleet.ledger.storage.places import ledger_to_read
from fleet.status.standing import FarmStanding, standing, status_folder
from fleet.status.wording import dated, short

_DAY_HOURS = 24
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_NOTHING = "Nothing that the farm knows of keeps it from earning more."


@click.command("farm")
@_JSON
def farm(*, as_json: bool) -> None:
    """Show why the farm does not earn more: what is wrong, what it lost in the last day, what other numbers of miners
    would earn. The most costly reason comes first, in NNET a day; estimates are never booked.
    """
    _explain(FARM, as_json=as_json)


@click.command("miner")
@click.argument("name", metavar="NAME")
@_JSON
def miner(*, name: str, as_json: bool) -> None:
    """Show why the miner NAME does not earn more. What is wrong with the whole farm counts by the miner's share."""
    _explain(miner_subject(name), as_json=as_json)


@click.command("host")
@click.argument("name", metavar="NAME")
@_JSON
def host(*, name: str, as_json: bool) -> None:
    """Show why the worker host NAME does not earn more. What is wrong with the whole farm counts by its share."""
    _explain(host_subject(name), as_json=as_json)


def _explain(subject: str, *, as_json: bool) -> None:
    with settings_or_exit():
        settings = load()
    with farm_errors():
        found = _standing(settings)
        if found.runs or not subject.startswith("host "):
            _require(subject, found.figures)
        names = {row["account"]: row["server"] for row in found.figures["servers"]}
        lost, advice = _lost(settings, names), list(_advice(settings, names))
    found = found if as_json else found.printable
    because = reasons(subject, found.figures, lost, runs=found.runs, advice=advice)
    if as_json:
        click.echo(dump({"subject": subject, "reasons": [_stated(one) for one in because]}))
        return
    _print(subject, because, found.figures, Calendar(settings.time_zone))


def _standing(settings: Settings) -> FarmStanding:
    calendar = Calendar(settings.time_zone)
    return standing(status_folder(settings), ledger_to_read(settings), wall_ms(), calendar)


def _require(subject: str, figures: Mapping[str, Any]) -> None:
    """Raise a Failure for a miner or host that the farm does not know."""
    if subject == FARM:
        return
    what, _, name = subject.partition(" ")
    rows = figures["miners"] if what == "miner" else figures["hosts"] or ()
    names = [row["miner" if what == "miner" else "name"] for row in rows]
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=3) or names[:3]
    known = f"; try {', '.join(near)}" if near else "; it knows none yet"
    raise Failure(f"the farm has no {what} {name!r}{known}", EX_DATAERR)


def _lost(settings: Settings, names: Mapping[str, str]) -> Iterable[LostToday]:
    hour = wall_ms() // HOUR_MS - _DAY_HOURS + 1
    return [
        LostToday(miner=one.miner, cause=one.cause, jobs=one.jobs, amount=one.amount)
        for one in losses(ledger_to_read(settings), since_hour=hour)
        if not names or one.server in names
    ]


def _advice(settings: Settings, names: Mapping[str, str]) -> Iterator[Hindrance]:
    """Another number of miners that would earn more at a server, if that is clear; `names` are by the ledger's."""
    for kept in kept_advice(ledger_to_read(settings)):
        if (not names or kept.server in names) and kept.advice.clear:
            where = f" at {names[kept.server]}" if len(names) > 1 else ""
            yield Hindrance(
                kind="advice",
                subject=FARM,
                text=f"Another number of miners would earn more{where}: {kept.advice.sentence}.",
                help='Set `miners = "auto"`, and the farm does so; `fleet advise` shows the figures.',
                nnet_per_day=kept.advice.best.change,
                since=datetime.fromtimestamp(kept.at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            )


def _stated(one: Hindrance) -> dict[str, Any]:
    lost = None if one.nnet_per_day is None else round(one.nnet_per_day, 6)
    return asdict(one) | {"nnet_per_day": lost}


def _print(subject: str, because: Iterable[Hindrance], figures: Mapping[str, Any], calendar: Calendar) -> None:
    screen = console()
    line(screen, f"{subject} at {figures['server'] or 'an unknown server'}", style="bold")
    if figures["simulated"]:
        line(screen, "simulated: these rewards are not real", style="yellow")
    found = False
    for one in because:
        found = True
        cost = "cost unknown" if one.nnet_per_day is None else f"{short(one.nnet_per_day)} NNET a day"
        since = "" if one.since is None else f", since {dated(one.since, calendar)}"
        screen.print()
        line(screen, one.text, style="bold")
        line(screen, f"  {cost}{since}")
        line(screen, f"  → {one.help}")
    if not found:
        line(screen, _NOTHING, style="green")
