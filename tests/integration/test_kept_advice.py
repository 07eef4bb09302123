"""The advice that a coordinator left in its ledger is found by a command, whatever else was written there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from fleet.domain.effects import IncomeEstimated
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.advice import kept_advice
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace

OPTION = {
    "what": "x",
    "miners": 2,
    "nnet_a_day": 3.0,
    "change_nnet_a_day": 1.0,
    "error_nnet_a_day": 0.1,
    "core_hours_a_day": None,
}
STATED = {"now": OPTION, "best": OPTION, "others": [], "unknown": []}


def test_the_newest_advice_of_each_server_is_found(tmp_path: Path) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    for server in ("one", "two"):
        with Ledger(open_engine(place.url), server, now_ms=lambda: 1_800_000_000_000) as ledger:
            assert server not in {row.server for row in kept_advice(place)}
            for miners in (3, 4):
                ledger.commit([IncomeEstimated(advice=json.dumps(STATED | {"now": OPTION | {"miners": miners}}))])
    found = kept_advice(place)
    assert [(row.server, row.advice.now.miners, row.at_ms) for row in found] == [
        ("one", 4, 1_800_000_000_000),
        ("two", 4, 1_800_000_000_000),
    ]


@pytest.mark.parametrize("value", ["", "x", "[]", "{}", '{"at": 1, "advice": {}}', '{"at": 1e999, "advice": null}'])
def test_what_another_program_wrote_is_left_out(tmp_path: Path, value: str) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    with Ledger(open_engine(place.url), "one") as ledger:
        ledger.commit([IncomeEstimated(advice=json.dumps(STATED))])
        assert kept_advice(place)
        with ledger._engine.begin() as connection:
            connection.execute(text("UPDATE meta SET value = :value WHERE name LIKE 'income %'"), {"value": value})
    assert kept_advice(place) == []
