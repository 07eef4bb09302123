"""The help of every command fits into a terminal of 80 columns."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from fleet.cli import COMMANDS, fleet


def with_inner(name: str) -> list[list[str]]:
    """The words of a command, and of each command below it."""
    found = fleet.get_command(click.Context(fleet), name)
    inner = list(found.commands) if isinstance(found, click.Group) else []
    return [[name], *([name, one] for one in inner)]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_no_line_of_the_help_is_wider(name: str) -> None:
    for words in with_inner(name) if name else [[]]:
        shown = CliRunner().invoke(fleet, [*words, "--help"], terminal_width=80).output
        assert max(map(len, shown.splitlines())) <= 80, words
