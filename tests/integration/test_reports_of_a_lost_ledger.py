"""Reports of a ledger that is gone: its kept heads show that it was there, and no other ledger takes its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.cli import fleet
from fleet.domain.effects import SessionOpened
from fleet.ledger.ledger import Ledger
from fleet.ledger.proof.heads import keep_heads
from fleet.ledger.storage.engine import open_engine
from tests.support.ledger_rows import paid

REPORTS = [
    ("ledger", "verify"),
    ("ledger", "export", "--csv", "-"),
    ("rewards",),
    ("reconcile",),
    ("miners",),
    ("explain", "job", "job-1"),
]


def written(folder: Path, server: str) -> Path:
    file = folder / "ledger.sqlite"
    with Ledger(open_engine(f"sqlite:///{file}"), server) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=None)])
        for write in paid(1):
            ledger.commit([write])
        keep_heads(file.with_name("ledger.heads"), ledger.heads())
    return file


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of a farm that mined at a server that no setting names any more, beside one of the simulator."""
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("FLEET_SERVER", raising=False)
    written(tmp_path / "state" / "simulator", "simulator")
    return written(tmp_path / "state", "here")


@pytest.mark.parametrize("lose", [Path.unlink, lambda file: file.write_bytes(b"")], ids=["removed", "emptied"])
@pytest.mark.parametrize("report", REPORTS, ids=" ".join)
def test_a_report_says_that_the_ledger_is_gone(
    real: Path, report: tuple[str, ...], lose: Callable[[Path], object]
) -> None:
    whole = CliRunner().invoke(fleet, report)
    assert whole.exit_code == 0, whole.output
    assert "simulated" not in whole.output
    lose(real)
    done = CliRunner().invoke(fleet, report)
    assert done.exit_code == 73, done.output
    assert f"the ledger {real} is gone" in done.output
    assert "it had 1 entries for here" in done.output


def test_a_ledger_that_was_never_there_is_not_called_gone(real: Path) -> None:
    shutil.rmtree(real.parent)
    done = CliRunner().invoke(fleet, ["rewards"])
    assert done.exit_code == 73
    assert "there is no ledger at" in done.output
