"""`.env` of the checkout, to a command that is run in another folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT, environ


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a `.env` of its own."""
    folder = tmp_path / "checkout"
    for package in ("config", "fleet", "tasks"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / ".env").write_text("WORKERS=2\nFLEET_CPU=3\n")
    return folder


def config(checkout: Path, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """`fleet config` of that checkout in `folder`."""
    folder.mkdir(exist_ok=True)
    env = environ(folder, settings) | {"PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "fleet", "config"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True, timeout=60)


def test_in_the_checkout_it_is_read(checkout: Path) -> None:
    done = config(checkout, checkout)
    assert ["cpu", "3", "reload", ".env"] in [line.split() for line in done.stdout.splitlines()]
    assert done.stderr == ""


def test_elsewhere_it_is_not_read_and_the_command_says_so(checkout: Path, tmp_path: Path) -> None:
    done = config(checkout, tmp_path / "elsewhere")
    assert ["cpu", "–", "reload", "default"] in [line.split() for line in done.stdout.splitlines()]
    assert f"{checkout}/.env is not read from this folder" in done.stderr
    assert f"set FLEET_ENV_FILE={checkout}/.env" in done.stderr


def test_named_it_is_read_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    done = config(checkout, tmp_path / "elsewhere", FLEET_ENV_FILE=f"{checkout}/.env")
    assert ["cpu", "3", "reload", f"{checkout}/.env"] in [line.split() for line in done.stdout.splitlines()]
    assert done.stderr == ""


def test_one_that_holds_nothing_for_this_command_is_not_worth_a_word(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".env").write_text("WORKERS=2\nFLOWER_PORT=5556\n")
    assert config(checkout, tmp_path / "elsewhere").stderr == ""


def test_a_folder_with_a_file_of_its_own_uses_that(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".env").write_text("FLEET_CPU=5\n")
    done = config(checkout, tmp_path / "elsewhere")
    assert ["cpu", "5", "reload", ".env"] in [line.split() for line in done.stdout.splitlines()]
    assert done.stderr == ""


def test_a_named_one_that_is_missing_is_an_error(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    env = environ(tmp_path, {"FLEET_ENV_FILE": "nowhere.env"}) | {"PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "fleet", "config"]
    done = subprocess.run(command, cwd=tmp_path / "elsewhere", env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 78
    assert "nowhere.env" in done.stderr
