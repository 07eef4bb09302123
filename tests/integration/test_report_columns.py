"""`fleet reconcile` and `fleet rewards` show a column only where it says something, so that 80 columns hold them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.cli import fleet
from fleet.commands.printing.short_times import short_time
from fleet.domain.effects import BalanceSeen, BaseSet, SessionOpened, TotalsSeen, Write
from fleet.domain.wallets import StatedWallet
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.ledger_rows import paid

NOW_MS = 1_800_000_000_705
PAID = Decimal("0.1")
STATED = "booked amounts, and what the server last stated (times in UTC):"
WALLET = BalanceSeen(miner_id="rig-a1", wallet=StatedWallet(balance=PAID, total=PAID, booked=PAID))


def shown(command: str, tmp_path: Path, *later: Write) -> list[str]:
    """What a report prints of a miner that was paid once and compared; `later` came an hour after that."""
    now_ms = NOW_MS
    place = f"sqlite:///{tmp_path}/simulator/ledger.sqlite"
    with Ledger(open_engine(place), "simulator", now_ms=lambda: now_ms) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=None)])
        ledger.commit([BaseSet(miner_id="rig-a1", total=Decimal(0), booked=Decimal(0))])
        ledger.commit(paid(0))
        ledger.commit([TotalsSeen(miner_id="rig-a1", total=PAID, verdict="agrees", booked=PAID), WALLET])
        now_ms += 3_600_000
        ledger.commit(later)
    done = CliRunner().invoke(fleet, [command])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def at(clock: str) -> list[str]:
    """The words of such a time as a table has them today."""
    return short_time(f"2027-01-15T{clock}.705Z", datetime.now(UTC)).split()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_reconcile_has_one_time_while_total_and_wallet_came_together(tmp_path: Path) -> None:
    header, row = shown("reconcile", tmp_path)[1:3]
    assert header.split() == ["miner", "since", "base", "server", "says", "at", "wallet", "verdict"]
    assert row.split() == ["rig-a1", "0.1", "0.1", *at("08:00:00"), "0.1", "agrees"]


def test_reconcile_tells_a_later_payment_and_a_later_balance_from_the_compared_ones(tmp_path: Path) -> None:
    header, row = shown("reconcile", tmp_path, *paid(1), WALLET)[1:3]
    assert header.split("  ")[2:4] == ["booked then", "server says"]
    assert "wallet at" in header
    assert row.split() == ["rig-a1", "0.2", "0.1", "0.1", *at("08:00:00"), "0.1", *at("09:00:00"), "agrees"]


def test_rewards_has_one_time_while_total_and_wallet_came_together(tmp_path: Path) -> None:
    lines = shown("rewards", tmp_path)
    header = lines[lines.index(STATED) + 1]
    assert header.split() == ["miner", "booked", "server's", "total", "wallet", "stated", "at"]


def test_rewards_has_two_times_where_the_balance_came_later(tmp_path: Path) -> None:
    lines = shown("rewards", tmp_path, WALLET)
    header = lines[lines.index(STATED) + 1]
    assert "total at" in header
    assert "wallet at" in header
