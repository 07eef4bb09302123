"""`fleet config`: shows each setting and its source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from config.example import example_toml
from config.hiding import shortened_id, shortened_prefix
from config.load import DEFAULT, Origin, read
from fleet.commands.exits import settings_or_exit
from fleet.commands.tables import IDS, add, console, table


@click.command("config")
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
def config(toml_file: Path | None, *, as_json: bool, example: bool, ids: bool) -> None:
    """Show each setting and its source.

    The strongest source wins: command line, environment (FLEET_HTTP__CONNECTIONS=8), .env, secret files, fleet.toml,
    default. Secrets that are set are shown as ********, and miners' ids shortened.

    \b
    Examples:
      fleet config
      fleet config --json | jq '."http.connections"'
      fleet config --example > fleet.toml
    """
    if example:
        click.echo(example_toml(), nl=False)
        return
    with settings_or_exit():
        origins = read(toml_file=toml_file).origins
    if as_json:
        click.echo(json.dumps({o.name: {"value": _shown(o, ids=ids), "source": o.source} for o in origins}))
    else:
        _print(origins, ids=ids)


def _print(origins: Sequence[Origin], *, ids: bool) -> None:
    shown = table(("setting", "value", "source"))
    for origin in origins:
        cells = (origin.name, _worded(_shown(origin, ids=ids)), origin.source)
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
