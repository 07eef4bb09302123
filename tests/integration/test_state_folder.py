"""The state folder and its files are the owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fleet.ledger.storage.lock import Lock
from fleet.private_files import keep_private, private_umask
from tests.integration.test_ledger_lost import opened
from tests.support.ledger_rows import paid


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_state_folder_and_its_files_are_the_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = tmp_path / "deep" / "state"
        private_umask()
        lock = Lock(folder / "coordinator.lock")
        with opened(folder / "ledger.sqlite") as ledger:
            ledger.commit(paid(1))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        lock.release()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set(modes) >= {"coordinator.lock", "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"}
    assert set(modes.values()) == {0o600}


def test_an_older_state_folder_is_narrowed_and_a_shared_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    before = os.umask(0o022)
    try:
        tmp_path.chmod(0o755)
        with opened(file):
            file.chmod(0o644)
        shared = tmp_path / "shared"
        shared.mkdir(mode=0o755)
        (shared / "letters").touch()
        sticky = tmp_path / "sticky"
        sticky.mkdir()
        sticky.chmod(0o1777)
        for folder in (tmp_path, shared, sticky):
            keep_private(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert stat.S_IMODE(sticky.stat().st_mode) == 0o1777
