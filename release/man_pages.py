"""Writes a man page for `fleet` and for each of its subcommands, from click's own texts: `man_pages.py FOLDER`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
from click_man.core import generate_man_page

from fleet.cli import fleet


def contexts(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A context for the command and for each subcommand, however deep; those that are loaded when called, too."""
    context = click.Context(command, info_name=name, parent=parent)
    yield context
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            child = command.get_command(context, sub)
            if child is not None and not child.hidden:
                yield from contexts(child, sub, context)


def main(folder: Path) -> None:
    """Write `fleet.1`, `fleet-up.1` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for context in contexts(fleet, "fleet"):
        path = folder / f"{context.command_path.replace(' ', '-')}.1"
        path.write_text(generate_man_page(context, version=version("neonet-fleet")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
