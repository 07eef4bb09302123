"""What holds secrets and lies in the project's folder is never committed by accident."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    [
        "farm.tar",
        "farm.tar.part",
        "farm.tgz.enc",
        "farm.tgz.enc.part",
        "2026-11-26.tar",
        ".env",
        "fleet.toml",
        "secrets/x",
    ],
)
def test_a_file_of_secrets_is_ignored_by_git(name: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=tmp_path, check=False).returncode == 0
