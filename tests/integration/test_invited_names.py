"""No host can be invited under a name by which its results could not be told from those of another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.cli import fleet


@pytest.mark.parametrize(
    ("host", "own", "words"),
    [
        ("local", (), "'local' is the name of the farm's first host (HOST_NAME in .env)"),
        ("house", ("--own", "House"), "'house' is the name of the farm's first host"),
        ("garage-0123456789ab", (), "so it would count as host 'garage'"),
    ],
)
def test_a_name_that_another_host_has_is_refused(host: str, own: tuple[str, ...], words: str, tmp_path: Path) -> None:
    command = ["invite", "--root", str(tmp_path), "--name", "192.0.2.7", *own, host]
    done = CliRunner().invoke(fleet, command)
    assert (done.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert words in " ".join(done.output.replace("│", " ").split())
