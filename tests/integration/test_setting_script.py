"""`docker/setting` reads `.env` as Compose does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docker" / "setting"


def said(folder: Path, name: str) -> str:
    (folder / "docker").mkdir(exist_ok=True)
    shutil.copy(SCRIPT, folder / "docker")
    done = subprocess.run(["docker/setting", name], cwd=folder, capture_output=True, check=True, text=True)
    return done.stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("JOIN_NAME=farm.example.com", "farm.example.com"),
        ("JOIN_NAME=farm.example.com\r", "farm.example.com"),
        ("JOIN_NAME='farm.example.com'", "farm.example.com"),
        ('JOIN_NAME="farm.example.com" # by DNS\r', "farm.example.com"),
        ("JOIN_NAME=farm.example.com # by DNS", "farm.example.com"),
        ("export JOIN_NAME = farm.example.com  ", "farm.example.com"),
        ("JOIN_NAME=", ""),
        ("# JOIN_NAME=farm.example.com", ""),
        ("OTHER_JOIN_NAME=x", ""),
    ],
)
def test_a_setting_is_what_compose_takes_it_for(tmp_path: Path, line: str, meant: str) -> None:
    (tmp_path / ".env").write_bytes(f"FLEET_CPU=4\n{line}\nWORKERS=2\n".encode())
    assert said(tmp_path, "JOIN_NAME") == meant


def test_the_last_line_counts_and_no_file_says_nothing(tmp_path: Path) -> None:
    assert said(tmp_path, "JOIN_PORT") == ""
    (tmp_path / ".env").write_text("JOIN_PORT=1\nJOIN_PORT=2")
    assert said(tmp_path, "JOIN_PORT") == "2"
