"""A link in place of one of the farm's files: the file that it leads to is not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.coordinator.alive_file import AliveFile
from fleet.errors import LedgerError
from fleet.ledger.proof.heads import Head, keep_heads
from fleet.ledger.storage.lock import Lock


def lock(folder: Path) -> None:
    Lock(folder / "planted")


def heads(folder: Path) -> None:
    (folder / "ledger.heads.part").symlink_to(folder / "precious")
    keep_heads(folder / "ledger.heads", [Head(server="here", entries=1, hash="00", at="2026-01-01T00:00:00Z")])


def alive(folder: Path) -> None:
    AliveFile(folder / "planted")._write(folder / "planted", "")


@pytest.mark.parametrize("write", [lock, heads, alive])
def test_the_file_behind_a_planted_link_stays_as_it_is(tmp_path: Path, write: Callable[[Path], None]) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious", encoding="utf-8")
    (tmp_path / "planted").symlink_to(precious)
    with pytest.raises((LedgerError, OSError), match="symbolic link"):
        write(tmp_path)
    assert precious.read_text(encoding="utf-8") == "precious"
