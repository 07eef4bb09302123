"""The parts of a report state the ledger of one moment, also while a farm books."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.cli import fleet
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.scopes import scopes
from fleet.ledger.reports.sqlite_reader import one_moment
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
from tests.support.farms import farm_settings, state
from tests.support.ledger_rows import paid
from tests.support.processes import environ


@pytest.mark.parametrize("command", ["rewards", "rewards --by day --tz Asia/Kolkata", "rewards --by host"])
def test_the_rows_of_a_report_add_up_to_what_it_says_of_the_whole_ledger(tmp_path: Path, command: str) -> None:
    over = threading.Event()

    def book() -> None:
        with Ledger(open_engine(f"sqlite:///{state(tmp_path) / 'ledger.sqlite'}"), "one") as ledger:
            begun.set()
            number = 0
            while not over.is_set():
                ledger.commit(paid(number))
                number += 1

    begun = threading.Event()
    writer = threading.Thread(target=book)
    writer.start()
    try:
        begun.wait()
        for _ in range(20):
            env = environ(tmp_path, farm_settings(tmp_path))
            done = CliRunner().invoke(fleet, [*command.split(), "--json"], env=env)
            assert done.exit_code == 0, done.output
            stated = json.loads(done.stdout, parse_float=Decimal)
            assert stated["total_nnet"] == stated["scopes"]["ledger"]["booked_nnet"]
    finally:
        over.set()
        writer.join()


def test_what_is_booked_meanwhile_is_seen_afterwards(tmp_path: Path) -> None:
    place = LedgerPlace(url=f"sqlite:///{tmp_path / 'ledger.sqlite'}", simulated=False)
    with Ledger(open_engine(place.url), "one") as ledger:
        ledger.commit(paid(0))
        with one_moment(place):
            before = scopes(place)
            ledger.commit(paid(1))
            assert scopes(place) == before
        assert scopes(place).ledger.booked > before.ledger.booked
