"""`fleet config`: shows each setting and its source, and checks a file before a farm reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from config.example import example_toml
from config.hiding import shortened_id, shortened_prefix
from config.load import DEFAULT, Origin, read
from config.reloading import TAKES, Takes
from config.settings import Settings
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import IDS, add, console, table
from fleet.commands.reload import ask_coordinator, show
from fleet.coordinator.reload.desk import ReloadWish


@click.group("config", invoke_without_command=True)
@click.option(
    "--config",
    "toml_file",
    type=click.Path(path_type=Path),
    help="Read this file instead of ./fleet.toml.",
    metavar="FILE",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: name → value and source.")
@click.option("--example", is_flag=True, help="Print an example fleet.toml with every setting, and stop.")
@IDS
@click.pass_context
def config(ctx: click.Context, /, toml_file: Path | None, *, as_json: bool, example: bool, ids: bool) -> None:
    """Show each setting, its source, and what a change of it takes.

    The strongest source wins: command line, environment (FLEET_HTTP__CONNECTIONS=8), .env, secret files, fleet.toml,
    default. Secrets that are set are shown as ********, and miners' ids shortened. A running farm takes what is marked
    "reload" by `fleet reload`, and the rest when it starts again.

    \b
    Examples:
      fleet config
      fleet config --json | jq '."http.connections"'
      fleet config --example > fleet.toml
      fleet config check fleet.toml
      fleet config diff
    """
    if ctx.invoked_subcommand is not None:
        return
    if example:
        click.echo(example_toml(), nl=False)
        return
    with settings_or_exit():
        origins = read(toml_file=toml_file).origins
    if as_json:
        click.echo(json.dumps({o.name: _stated(o, ids=ids) for o in origins}))
    else:
        _print(origins, ids=ids)


@config.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the farm that the settings describe.")
def check(file: Path | None, *, as_json: bool) -> None:
    """Check FILE, by default fleet.toml, together with the environment and .env, without using it.

    Mistakes are named with their lines, and the command ends with 78.

    \b
    Examples:
      fleet config check fleet.toml
      fleet config check fleet.toml --json | jq .miners
    """
    with settings_or_exit():
        settings = read(toml_file=file).settings
    if as_json:
        several = len(settings.servers) > 1
        servers = [{"name": one.name if several else None, "url": one.url} for one in settings.servers]
        described = {"miners": settings.miner_count, "auto": settings.auto, "servers": servers}
        click.echo(json.dumps({"valid": True, "file": None if file is None else str(file), **described}))
    else:
        click.echo(f"{file or 'the settings'}: valid; {_farm(settings)}")


@config.command("diff")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with `lines`.")
def diff(*, as_json: bool) -> None:
    """Show what would change if the running coordinator read its settings again, and what needs a restart.

    It compares what it uses now with the files as they are now; nothing is changed.
    """
    with settings_or_exit():
        settings = read().settings
    show(ask_coordinator(settings, ReloadWish.DIFF), as_json=as_json)


def _farm(settings: Settings) -> str:
    """In a few words, the farm that the settings describe."""
    if settings.auto:
        miners = f"up to {settings.miner_count} miners, as many as earn the most,"
    else:
        miners = f"{settings.miner_count} miner{'' if settings.miner_count == 1 else 's'}"
    several = [server.name for server in settings.servers]
    where = "the simulator" if not several else settings.servers[0].url if len(several) == 1 else ", ".join(several)
    return f"{miners} at {where}"


def _stated(origin: Origin, *, ids: bool) -> dict[str, object]:
    return {"value": _shown(origin, ids=ids), "source": origin.source, "change": _takes(origin).value}


def _takes(origin: Origin) -> Takes:
    """What a change of a setting takes; miners are changed by a reload."""
    return TAKES.get(origin.name, Takes.RELOAD)


def _print(origins: Sequence[Origin], *, ids: bool) -> None:
    shown = table(("setting", "value", "change", "source"))
    for origin in origins:
        cells = (origin.name, _worded(_shown(origin, ids=ids)), _takes(origin).short, origin.source)
        add(shown, cells, style="dim" if origin.source == DEFAULT else "")
    console().print(shown)


def _shown(origin: Origin, *, ids: bool) -> object:
    """The value of a setting, with miners' ids shortened unless `ids`."""
    value = origin.value
    if ids or not value:
        return value
    if origin.name == "id" and isinstance(value, str):
        return shortened_id(value)
    if origin.name == "miner_prefix" and isinstance(value, str):
        return shortened_prefix(value)
    if origin.name == "miner" and isinstance(value, list):
        return [{**table, "id": shortened_id(str(table["id"]))} for table in value]
    return value


def _worded(value: object) -> str:
    match value:
        case None:
            return "–"
        case str():
            return value or '""'
        case _:
            return json.dumps(value, ensure_ascii=False)
