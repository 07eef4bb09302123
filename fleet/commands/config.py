"""`fleet config`: shows each setting and its source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from config.example import example_toml
from config.load import DEFAULT, Origin, read
from fleet.commands.exits import settings_or_exit
from fleet.commands.tables import add, console, table


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
def config(toml_file: Path | None, *, as_json: bool, example: bool) -> None:
    """Show each setting and where it came from.

    The strongest source wins: command line, environment (FLEET_HTTP__CONNECTIONS=8), .env, secret files, fleet.toml,
    default. Secrets that are set are shown as ********.

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
        click.echo(json.dumps({o.name: {"value": o.value, "source": o.source} for o in origins}))
    else:
        _print(origins)


def _print(origins: Sequence[Origin]) -> None:
    shown = table(("setting", "value", "source"))
    for origin in origins:
        cells = (origin.name, _worded(origin.value), origin.source)
        add(shown, cells, style="dim" if origin.source == DEFAULT else "")
    console().print(shown)


def _worded(value: object) -> str:
    match value:
        case None:
            return "–"
        case str():
            return value or '""'
        case _:
            return json.dumps(value, ensure_ascii=False)
