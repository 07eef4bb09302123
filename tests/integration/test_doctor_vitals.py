"""How fast a ledger grows and which limit was learnt, read from a ledger that a farm wrote."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fleet.doctor.diagnosis import Grade
from fleet.doctor.ledger import ledger_diagnoses
from fleet.ledger.reports.vitals import vitals
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.storage.version import SCHEMA_VERSION
from tests.support.diagnoses import about

_LEDGER = Path(__file__).parents[1] / "support" / f"farm_ledger_v{SCHEMA_VERSION}.sql"
_DAY_MS = 86_400_000


@pytest.fixture
def place(tmp_path: Path) -> LedgerPlace:
    """A ledger that a farm wrote."""
    file = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(_LEDGER.read_text(encoding="utf-8"))
    return LedgerPlace(url=f"sqlite:///{file}", simulated=True)


def of_ledger(place: LedgerPlace, statement: str, *values: object) -> int:
    """The number that a statement finds, or leaves behind."""
    assert place.file is not None
    with closing(sqlite3.connect(place.file)) as connection, connection:
        found = connection.execute(statement, values).fetchone()
        return int(found[0]) if found else 0


def test_a_ledger_grows_by_its_entries_over_the_time_since_the_first(place: LedgerPlace) -> None:
    entries, first = (
        of_ledger(place, "SELECT count(*) FROM entries"),
        of_ledger(place, "SELECT min(booked_at) FROM entries"),
    )
    found = vitals(place, first + _DAY_MS // 2)
    assert found.entries == entries > 0
    assert found.entries_per_day == pytest.approx(2 * entries)
    assert found.growth_bytes_per_day(1_000) == pytest.approx(2_000)


def test_a_young_ledger_states_no_pace(place: LedgerPlace) -> None:
    first = of_ledger(place, "SELECT min(booked_at) FROM entries")
    assert vitals(place, first + 60_000).entries_per_day is None


def test_the_limit_that_was_learnt_is_stated_and_a_broken_one_is_left_out(place: LedgerPlace) -> None:
    assert place.file is not None
    of_ledger(place, "DELETE FROM meta WHERE name LIKE 'rate_limit %'")
    learnt = json.dumps({"requests": 100.0, "window_s": 60.0, "learnt_at": 1_000 * _DAY_MS})
    of_ledger(place, "INSERT INTO meta VALUES ('rate_limit 1', ?)", learnt)
    found = about("rate limit", ledger_diagnoses(place, place.file.parent, 1_002 * _DAY_MS))
    assert found.grade is Grade.OK
    assert "100 requests in 60 s, learnt 2.0 days ago" in found.found
    of_ledger(place, "UPDATE meta SET value = '[' WHERE name = 'rate_limit 1'")
    assert "none learnt" in about("rate limit", ledger_diagnoses(place, place.file.parent, _DAY_MS)).found
