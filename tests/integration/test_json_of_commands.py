"""Whoever reads a farm by a program gets JSON: from each command that reads, also where nothing runs and nothing is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from fleet.cli import fleet

#: command without --json → why
_WITHOUT = {
    "worker": "it computes until it is ended, and its lines are Celery's log",
    "join": "the same",
    "simulator": "it serves until it is ended",
    "service install": "it installs, and prints each step",
    "service show": "it prints the unit itself",
    "top": "it is a full screen; `fleet status --json` states the same",
    "report": "it packs a file, whose parts are JSON",
    "completion": "it prints a script for a shell",
}
#: command that reads → what it needs to read something
_READS = {
    "status": (),
    "miners": (),
    "workers": (),
    "rewards": (),
    "history": (),
    "advise": (),
    "log": (),
    "token list": (),
    "ledger verify": (),
    "reconcile": (),
    "explain farm": (),
    "explain host": ("attic",),
    "explain job": ("some-job",),
    "explain miner": ("north",),
    "doctor": (),
    "doctor --host": (),
    "schedule preview": (),
    "upgrade-check": (),
    "config": (),
    "config check": (),
    "config diff": (),
}


def _commands(group: click.Group, context: click.Context, path: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    """Each command that can be called, and whether it has --json."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        here = (*path, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield " ".join(here), any("--json" in parameter.opts for parameter in command.params)
        if isinstance(command, click.Group):
            yield from _commands(command, click.Context(command, parent=context), here)


def test_each_command_has_json_but_for_those_that_print_something_else() -> None:
    found = dict(_commands(fleet, click.Context(fleet)))
    assert {name for name, has_json in found.items() if not has_json} == _WITHOUT.keys()
    assert {name.partition(" --")[0] for name in _READS} <= found.keys()


@pytest.mark.usefixtures("empty_folder")
@pytest.mark.parametrize("name", _READS)
def test_a_command_that_reads_prints_one_json_object_where_no_farm_has_run(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_STATE_DIR", "state")
    result = CliRunner().invoke(fleet, [*name.split(), *_READS[name], "--json"])
    said = json.loads(result.stdout)
    assert isinstance(said, dict)
    assert "error" not in said or said["exit_code"] == result.exit_code != 0
