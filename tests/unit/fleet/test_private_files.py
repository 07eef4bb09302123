"""A private file is replaced whole, readable by its owner alone, and never through a planted link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fleet.private_files import replace_private


def test_it_is_replaced_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    path.write_text("old")
    path.chmod(0o644)
    replace_private(path, "nëw")
    assert path.read_text(encoding="utf-8") == "nëw"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    path, target = tmp_path / "status.json", tmp_path / "target"
    target.write_text("mine")
    (tmp_path / f"status.json.{os.getpid()}").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        replace_private(path, "new")
    assert target.read_text() == "mine"
    assert not path.exists()
