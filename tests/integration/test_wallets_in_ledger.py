"""The ledger keeps what each wallet holds, hour by hour, and a restarted coordinator goes on from there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from fleet.domain.causes import Difference
from fleet.domain.effects import BalanceSeen, BaseSet, Found, SessionOpened
from fleet.domain.jobs import Finding
from fleet.domain.wallets import StatedWallet
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.differences import comparisons
from fleet.ledger.reports.verify import verify
from fleet.ledger.reports.wallets import stated_by_miner, wallets_by_hour
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
from tests.integration.test_ledger_of_each_version import written

HOUR_MS = 3_600_000
START_MS = 1_800_000_000_000


class Clock:
    """The time of the ledger's rows, in UTC milliseconds."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms


def seen(balance: str, total: str | None = None) -> BalanceSeen:
    held = StatedWallet(
        balance=Decimal(balance), total=None if total is None else Decimal(total), booked=Decimal("0.1")
    )
    return BalanceSeen(miner_id="rig-a1", wallet=held)


def test_the_last_balance_of_each_hour_is_kept_and_shown(tmp_path: Path) -> None:
    clock = Clock()
    place = LedgerPlace(url=f"sqlite:///{tmp_path}/ledger.sqlite", simulated=False)
    with Ledger(open_engine(place.url), "here", now_ms=clock) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-b2", session_id="s", offset=None)])
        for balance in ("1.5", "0.30000000000000004"):
            ledger.commit([seen(balance, "2.5")])
        clock.now_ms += HOUR_MS
        ledger.commit([seen("7", "9")])
        assert ledger.saved_miner("rig-a1").wallet == seen("7", "9").wallet
        assert ledger.saved_miner("rig-b2").wallet is None
    assert [(one.wallet, one.at) for one in wallets_by_hour(place)] == [
        (Decimal("0.30000000000000004"), "2027-01-15T08:00:00Z"),
        (Decimal(7), "2027-01-15T09:00:00Z"),
    ]
    stated = {one.miner_id: (one.wallet, one.wallet_at, one.total) for one in stated_by_miner(place)}
    assert stated == {"rig-a1": (Decimal(7), "2027-01-15T09:00:00Z", None), "rig-b2": (None, None, None)}
    engine = open_engine(place.url, read_only=True)
    rows = {row.miner_id: (row.wallet, row.wallet_at) for row in comparisons(engine)}
    assert rows == {"rig-a1": (Decimal(7), "2027-01-15T09:00:00.000Z"), "rig-b2": (None, None)}
    assert all(verdict.right for verdict in verify(engine))
    engine.dispose()


def test_a_start_knows_whether_the_server_forgot_after_the_last_balance(tmp_path: Path) -> None:
    clock = Clock()
    base = BaseSet(miner_id="rig-a1", total=Decimal(0), booked=Decimal("0.1"))
    with Ledger(open_engine(f"sqlite:///{tmp_path}/ledger.sqlite"), "here", now_ms=clock) as ledger:
        ledger.commit([base, seen("1", "1")])
        assert not ledger.saved_miner("rig-a1").forgotten_since_balance
        clock.now_ms += 1
        # a base may begin anew without a forgetting
        ledger.commit([base])
        assert not ledger.saved_miner("rig-a1").forgotten_since_balance
        finding = Finding(kind=Difference.FORGOTTEN, amount=Decimal(-1), evidence="its total fell")
        ledger.commit([Found(miner_id="rig-a1", finding=finding, extra_jobs=0), base])
        assert ledger.saved_miner("rig-a1").forgotten_since_balance
        clock.now_ms += 1
        ledger.commit([seen("1")])
        assert not ledger.saved_miner("rig-a1").forgotten_since_balance
        assert ledger.saved_miner("rig-a1").wallet == seen("1").wallet


def test_a_seal_that_was_broken_before_the_migration_stays_broken(tmp_path: Path) -> None:
    path = written(6, tmp_path / "ledger.sqlite")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE miners SET base_total = '7' WHERE id = 1")
        connection.commit()
    engine = open_engine(f"sqlite:///{path}")
    problems = [problem for verdict in verify(engine) for problem in verdict.problems]
    engine.dispose()
    assert problems == ["miners: 1 rows were changed"]
