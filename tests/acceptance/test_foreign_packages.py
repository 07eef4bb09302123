"""Another program's `config` or `tasks` in the place of ours is named in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import FLEET, environ

TASKS = (sys.executable, "-m", "tasks")
MODULE = (sys.executable, "-m", "fleet")


def foreign(folder: Path, name: str, *, single: bool) -> Path:
    """A package, or a single module, of that name in a folder of its own."""
    home = folder / "theirs"
    place = home / f"{name}.py" if single else home / name / "__init__.py"
    place.parent.mkdir(parents=True)
    place.write_text("raise SystemExit('their code ran')\n", encoding="utf-8")
    return place


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize(
    ("argv", "name"),
    [((*FLEET, "config"), "config"), ((*FLEET, "config"), "tasks"), ((*MODULE, "config"), "config"), (TASKS, "config")],
)
def test_a_foreign_package_is_named_and_none_of_its_code_runs(
    tmp_path: Path, argv: tuple[str, ...], name: str, single: bool
) -> None:
    place = foreign(tmp_path, name, single=single)
    given = environ(tmp_path, {}) | {"PYTHONPATH": str(tmp_path / "theirs")}
    done = subprocess.run(argv, cwd=tmp_path, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78, done.stderr
    assert f"{place} is not a part of neonet-fleet" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
