"""The forecast of each hour stands beside what was booked in it, also where the farm ran for a part of it only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.cli import fleet
from fleet.domain.amounts import EntryKind
from fleet.domain.calendar import HOUR_MS
from fleet.domain.effects import Booked, ForecastMade, Write
from fleet.domain.jobs import Entry
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.forecasts import ForecastHour, forecast_hours
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace

#: 2027-01-15 08:00 UTC
EIGHT = 500_000 * HOUR_MS
MINUTE_MS = 60_000
MADE = ForecastMade(miners=2, nnet_an_hour=600.0, error=0.02)


class Farm:
    """A farm whose ledger is written once a minute, by a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = LedgerPlace(url=f"sqlite:///{folder / 'ledger.sqlite'}", simulated=False)
        self.now_ms = EIGHT
        self._jobs = 0
        self.ledger = Ledger(open_engine(self.place.url), "one", now_ms=lambda: self.now_ms)

    def minutes(self, count: int, *, nnet: str = "10", forecasts: bool = True) -> None:
        """Let minutes pass, in each of which `nnet` is booked."""
        for _ in range(count):
            writes: list[Write] = [self._paid(nnet), *([MADE] if forecasts else [])]
            self.ledger.commit(writes)
            self.now_ms += MINUTE_MS

    def hours(self) -> list[ForecastHour]:
        return forecast_hours(self.place)

    def _paid(self, nnet: str) -> Write:
        self._jobs += 1
        entry = Entry(
            miner_id="m",
            kind=EntryKind.JOB,
            amount=Decimal(nnet),
            confirmed=True,
            session_id="s",
            job_id=f"j{self._jobs}",
        )
        return Booked(entry=entry)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.ledger.close()


def test_each_hour_has_the_forecast_that_was_made_when_it_began(farm: Farm) -> None:
    farm.minutes(150)
    first, second, third = farm.hours()
    assert [one.hour for one in (first, second, third)] == [500_000, 500_001, 500_002]
    assert (second.miners, second.ran_s, second.forecast) == (2, 3600, 600)
    # the first payment of an hour was booked together with its forecast, so it is not counted as come since
    assert second.booked == 590
    assert third.ran_s == 29 * 60


def test_what_came_before_the_first_forecast_is_not_counted(farm: Farm) -> None:
    farm.minutes(20, forecasts=False)
    farm.minutes(40)
    (hour,) = farm.hours()
    assert hour.ran_s == 39 * 60
    assert hour.booked == 39 * 10
    assert hour.off == pytest.approx(0.0)


def test_time_in_which_the_farm_did_not_run_is_not_counted(farm: Farm) -> None:
    farm.minutes(11)
    farm.now_ms += 30 * MINUTE_MS
    farm.minutes(11)
    (hour,) = farm.hours()
    assert hour.ran_s == 20 * 60
    assert hour.forecast == pytest.approx(200.0)


def test_minutes_that_the_clock_shows_twice_count_once(farm: Farm) -> None:
    farm.minutes(11)
    farm.now_ms -= 5 * MINUTE_MS
    farm.minutes(11)
    assert farm.hours()[0].ran_s == 16 * 60


def test_old_forecasts_are_dropped(farm: Farm) -> None:
    farm.minutes(1)
    farm.now_ms += 91 * 24 * HOUR_MS
    farm.minutes(1)
    assert [one.hour for one in farm.hours()] == [500_000 + 91 * 24]


def test_nothing_of_a_forecast_is_booked(farm: Farm) -> None:
    farm.ledger.commit([MADE])
    assert farm.ledger.kind_sums(["m"]) == {} or sum(farm.ledger.kind_sums(["m"]).values()) == 0
    assert farm.hours()[0].booked == 0
    assert farm.hours()[0].off is None


def test_the_command_shows_both(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_STATE_DIR", str(farm.folder))
    monkeypatch.setenv("FLEET_SERVER", "https://one.example")
    monkeypatch.setenv("FLEET_LEDGER_URL", farm.place.url)
    monkeypatch.chdir(farm.folder)
    farm.minutes(90)
    shown = CliRunner().invoke(fleet, ["advise"])
    assert shown.exit_code == 0, shown.output
    assert "2027-01-15T08:00Z" in shown.output
    stated = json.loads(CliRunner().invoke(fleet, ["advise", "--json"]).output, parse_float=Decimal)
    assert [hour["booked_nnet"] for hour in stated["hours"]] == [590, 290]
