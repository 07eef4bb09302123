"""One coordinator holds a ledger: who else may open it, and when."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.errors import LedgerLocked
from fleet.ledger.storage.lock import Lock


def test_a_second_coordinator_is_told_who_holds_the_ledger(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "coordinator.lock")
    code = "import sys; from pathlib import Path; from fleet.ledger.storage.lock import Lock; Lock(Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "coordinator.lock")], capture_output=True, text=True, check=False
    )
    assert f"coordinator {os.getpid()}" in done.stderr
    assert "LedgerLocked" in done.stderr
    lock.release()
    Lock(tmp_path / "coordinator.lock").release()


def test_the_lock_of_a_dead_coordinator_is_free(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from fleet.ledger.storage.lock import Lock\n"
        "lock = Lock(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "coordinator.lock")], check=False)
    Lock(tmp_path / "coordinator.lock").release()


def test_a_held_lock_is_refused_in_the_same_process_too(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "coordinator.lock")
    with pytest.raises(LedgerLocked, match="FLEET_STATE_DIR"):
        Lock(tmp_path / "coordinator.lock")
    lock.release()
