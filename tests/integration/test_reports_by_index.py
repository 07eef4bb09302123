"""Reports of a whole ledger find entries by an index, so that a ledger of a million is read as quickly as a small one.

SQLite plans without statistics here, so its plan for a small ledger is the one for a large ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fleet.ledger.reports import dated_sums, rewards, scopes, vitals, wallets
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.storage.version import SCHEMA_VERSION

_LEDGER = Path(__file__).parents[1] / "support" / f"farm_ledger_v{SCHEMA_VERSION}.sql"
REPORTS: list[tuple[ModuleType, Callable[[LedgerPlace], object]]] = [
    (dated_sums, lambda place: rewards.rewards_by(place, "miner")),
    (scopes, scopes.scopes),
    (wallets, wallets.stated_by_miner),
    (vitals, lambda place: vitals.vitals(place, 0)),
]


@pytest.fixture
def place(tmp_path: Path) -> LedgerPlace:
    """A ledger that a farm wrote."""
    file = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(_LEDGER.read_text(encoding="utf-8"))
    return LedgerPlace(url=f"sqlite:///{file}", simulated=True)


@pytest.mark.parametrize(("module", "report"), REPORTS, ids=[module.__name__ for module, _ in REPORTS])
def test_a_report_reads_no_entry_but_those_that_an_index_names(
    place: LedgerPlace,
    module: ModuleType,
    report: Callable[[LedgerPlace], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans: list[str] = []

    def planned(at: LedgerPlace, statement: str) -> list[tuple[Any, ...]]:
        plans.extend(row[-1] for row in fetch_all(at, f"EXPLAIN QUERY PLAN {statement}"))
        return fetch_all(at, statement)

    monkeypatch.setattr(module, "fetch_all", planned)
    report(place)
    assert plans
    entries = [step for step in plans if step.startswith(("SCAN entries", "SCAN e ", "SEARCH entries", "SEARCH e "))]
    assert all(step.startswith("SEARCH") and "USING INDEX" in step for step in entries), entries
