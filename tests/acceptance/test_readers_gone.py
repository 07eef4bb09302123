"""A reader that has seen enough (`| head -1`) is no error: every command ends quietly, with the code that it has."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from pathlib import Path

import pytest

from fleet.cli import COMMANDS
from fleet.commands.printing.sheets import restored
from tests.support.farms import farm, farm_settings
from tests.support.processes import FLEET, environ, run_fleet

COMMAND_LINES = [
    "rewards",
    "rewards --csv",
    "rewards --json",
    "rewards --losses --csv",
    "ledger verify",
    "ledger export --csv -",
    "ledger export --json -",
    "reconcile",
    "reconcile --json",
    "config",
    "config --json",
    "config --example",
    "service show coordinator",
    "completion bash",
    "--help",
    *(f"{name} --help" for name in COMMANDS),
]
TAGS = ["=1+1", "'=1+1", "\N{FULLWIDTH EQUALS SIGN}1+1", "-1", "caf\u00e9"]


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ledger of a simulated farm, whose miners have tags that look like formulas."""
    folder = tmp_path_factory.mktemp("mined")
    tables = "".join(f'[[miner]]\nid = "rig-{n}"\ntags = ["{tag}"]\n' for n, tag in enumerate(TAGS))
    (folder / "fleet.toml").write_text(tables, encoding="utf-8")
    with farm(folder, "--for", "4s") as process:
        assert process.wait() == 0, process.words()
    return folder


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_reader_that_is_gone_is_no_error(mined: Path, line: str) -> None:
    reading, writing = os.pipe()
    env = environ(mined, farm_settings(mined))
    with subprocess.Popen(
        [*FLEET, *line.split()], cwd=mined, env=env, stdout=writing, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        os.close(writing)
        os.close(reading)
        said = process.communicate(timeout=60)[1].decode()
    known = run_fleet(*line.split(), folder=mined, settings=farm_settings(mined))
    assert "Error" not in said
    assert "Broken pipe" not in said
    assert said in {"", known.stderr}
    assert process.returncode == known.returncode


def test_tags_that_look_like_formulas_are_cells_of_their_own_and_come_back(mined: Path) -> None:
    settings = farm_settings(mined, {"PYTHONIOENCODING": "ascii"})
    env = environ(mined, settings)
    argv = [*FLEET, "rewards", "--by", "tag", "--csv"]
    done = subprocess.run(argv, cwd=mined, env=env, capture_output=True, timeout=60, check=True)
    cells = [row["tag"] for row in csv.DictReader(io.StringIO(done.stdout.decode("utf-8"), newline=""))]
    assert sorted(map(restored, cells)) == sorted(TAGS)
    assert set(cells) == {"'=1+1", "''=1+1", "'\N{FULLWIDTH EQUALS SIGN}1+1", "-1", "caf\u00e9"}
