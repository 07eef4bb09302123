"""`fleet reload`: has the running coordinator read its settings again, and prints what became of that."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import click

from config.errors import ConfigError
from config.load import load
from config.settings import Settings
from fleet.commands.exits import EX_CONFIG, EX_DATAERR, EX_TEMPFAIL, EX_UNAVAILABLE, Failure
from fleet.control.request import check_words
from fleet.control.user import user_name
from fleet.coordinator.reload.desk import Asking, ReloadOutcome, ReloadWish
from fleet.errors import ControlRefused
from fleet.status.standing import status_folder

#: seconds until a request that nobody takes shows that no coordinator runs, and until an answer is given up
_TAKEN_S, _ANSWERED_S = 15.0, 120.0
_LOOK_S = 0.1


@click.command("reload")
@click.option("--reason", default="", help="Why; shown by `fleet log`.")
@click.option("--by", "who", help="Who orders it; unset: your user name on this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: `taken`, `lines`, `later`, `changed`.")
def reload(*, reason: str, who: str | None, as_json: bool) -> None:
    """Have the coordinator in this state folder read fleet.toml, .env and secrets again.

    Miners are added, removed and changed without touching the sessions of the others. Settings with a mistake are
    refused, and the old ones stay; the command then ends with 78. `fleet config diff` shows first what would change.

    \b
    Examples:
      fleet reload
      fleet reload --reason "two more rigs"
      docker compose exec coordinator fleet reload
    """
    who = who or user_name()
    try:
        check_words(who, reason)
    except ControlRefused as exc:
        raise Failure(str(exc), EX_DATAERR) from exc
    show(ask_coordinator(_settings(), ReloadWish.RELOAD, who, reason), as_json=as_json)


def _settings() -> Settings:
    """The settings, if only to find the state folder: a mistake in fleet.toml is the coordinator's to name."""
    try:
        return load()
    except ConfigError as exc:
        raise Failure(f"{exc}\nnothing was changed", EX_CONFIG) from exc


def ask_coordinator(settings: Settings, wish: ReloadWish, who: str = "", reason: str = "") -> ReloadOutcome:
    """The running coordinator's answer. Raises a Failure where none runs, or none answers."""
    folder = status_folder(settings)
    nobody = Failure(f"no coordinator runs in {folder}; the settings count from its start", EX_UNAVAILABLE)
    try:
        asking = Asking(folder, wish, who, reason)
    except OSError as exc:
        raise nobody from exc
    began = time.monotonic()
    with asking:
        while True:
            outcome, waited_s = asking.outcome(), time.monotonic() - began
            if outcome is not None:
                return outcome
            if waited_s > _TAKEN_S and not asking.taken:
                raise nobody
            if waited_s > _ANSWERED_S:
                raise Failure(f"the coordinator has not answered for {waited_s:.0f} s; see its output", EX_TEMPFAIL)
            time.sleep(_LOOK_S)


def show(outcome: ReloadOutcome, *, as_json: bool) -> None:
    """Print an outcome. Raises a Failure where the settings were refused."""
    if as_json:
        click.echo(json.dumps(asdict(outcome)))
    elif outcome.taken:
        click.echo("\n".join(outcome.lines))
    if not outcome.taken:
        raise Failure("\n".join(outcome.lines), EX_TEMPFAIL if outcome.later else EX_CONFIG, stated=True)
