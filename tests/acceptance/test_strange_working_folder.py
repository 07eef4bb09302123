"""Started in a folder where others can write: none of the Python files there is taken for a module of the farm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import environ

#: our own packages, one of Python's and one that ours import
NAMES = ("config", "tasks", "fleet", "random", "numpy")
_FLEET = (sys.executable, "-P", "-m", "fleet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module of each name, which says that it ran."""
    place = tmp_path / "shared"
    place.mkdir()
    for name in NAMES:
        text = f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\nraise SystemExit('{name} ran')\n"
        (place / f"{name}.py").write_text(text, encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("command", "code", "settings"),
    [
        (("up", "--for", "2s", "--miners", "1"), 0, {}),
        (("worker",), 69, {"FLEET_REDIS_URL": "redis://127.0.0.1:1/0"}),
        # with one thread asked for, the worker need not start itself again
        (("worker",), 69, {"FLEET_REDIS_URL": "redis://127.0.0.1:1/0", "OPENBLAS_NUM_THREADS": "1"}),
    ],
)
def test_no_file_of_the_working_folder_runs(
    folder: Path, command: tuple[str, ...], code: int, settings: dict[str, str]
) -> None:
    given = environ(folder.parent, settings)
    given.pop("PYTHONPATH", None)
    done = subprocess.run(
        [*_FLEET, *command], cwd=folder, env=given, capture_output=True, text=True, timeout=90, check=False
    )
    ran = folder.parent / "ran"
    assert not ran.exists(), f"{ran.read_text()}\n{done.stdout}{done.stderr}"
    assert done.returncode == code, done.stdout + done.stderr
