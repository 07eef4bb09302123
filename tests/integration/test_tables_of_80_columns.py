"""On a terminal of 80 columns, tables of a farm with long names and amounts of nine digits are tables, and complete."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from fleet.cli import fleet
from fleet.commands.printing import tables
from fleet.commands.printing.short_times import short_time
from tests.support.wide_farm import MINERS, OPEN, SERVERS_OF_LEDGER, wide_ledger

#: miners of a server that have or had a session
_KNOWN = MINERS // 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wide_ledger(tmp_path_factory.mktemp("wide"))


@pytest.fixture(autouse=True)
def _narrow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_STATE_DIR", str(folder))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(tables, "_WIDE", 80)


def lines(*arguments: str) -> list[str]:
    done = CliRunner().invoke(fleet, arguments)
    assert done.exit_code == 0, done.output
    return [line.rstrip() for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("command", "name", "amount"),
    [
        ("miners", "rig-1", "246913578.246914"),
        ("rewards", "rig-1", "246913578.246914"),
        ("rewards --by type", "reinforcement_learning", "4074074041.074074"),
        ("rewards --by host", "basement-workstation-2", "4197530830.197531"),
        ("rewards --by month", "all", "24691357824.691358"),
        ("rewards --losses", "rig-1", "123456789.123457"),
        ("history --last 1h --by miner", "rig-1", "246913578.246914"),
        ("history --last 1h --by host", "basement-workstation-2", "8395061660.395062"),
        ("history --last 1h", "all", "24691357824.691358"),
    ],
)
def test_a_row_stands_in_one_line_that_fits(command: str, name: str, amount: str) -> None:
    shown = lines(*command.split())
    assert any(line.startswith(f"{name} ") and amount in line for line in shown)
    texts = ("http", "server: ", "the whole ledger")
    assert max(cell_len(line) for line in shown if not line.startswith(texts)) <= 80


def test_open_miners_are_shown_and_the_others_counted_unless_all_are_wanted() -> None:
    some, every = lines("miners"), lines("miners", "--all")
    left = f"and {_KNOWN - OPEN} closed, {MINERS // 2 - _KNOWN} not opened: fleet miners --all"
    assert some.count(left) == len(SERVERS_OF_LEDGER)
    rows = [line for line in some if line.startswith(("rig", "rack"))]
    assert len(rows) == 2 * OPEN
    assert len([line for line in every if line.startswith(("rig", "rack"))]) == MINERS
    assert not [line for line in every if "--all" in line]
    stated = json.loads("".join(lines("miners", "--json")))["miners"]
    assert len(stated) == MINERS


def test_times_are_as_short_as_they_can_be_said() -> None:
    now = datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC)
    shown = [short_time(at, now) for at in ("2026-11-27T00:59:58.123Z", "2026-11-26T23:59:58Z", "2025-12-31T10:00:00Z")]
    assert shown == ["00:59:58", "11-26 23:59", "2025-12-31 10:00"]
    assert short_time(None, now) == ""
