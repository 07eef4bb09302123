"""`fleet advise` prints every change, with money and power only where the settings name prices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet.domain.effects import IncomeEstimated
from fleet.earning.advice import Advice, advise
from fleet.earning.advice_json import stated
from fleet.earning.capacity import Capacity
from fleet.earning.model import IncomeModel
from fleet.earning.samples import Weights
from fleet.earning.sharing import Sharing
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.farms import farm_settings
from tests.support.processes import run_fleet

#: eight miners on two hosts, whose workers are the bottleneck
MODEL = IncomeModel(
    weights=Weights(by_type={"matrix_ops": 0.55}, mean=0.5554, error=0.01),
    sharing=Sharing(budget=0.1, strangers=0.0, cap=0.05, floor=0.0001, tried=(1, 8), error=0.01),
    capacity=Capacity(requests_per_s=5000 / 60, heartbeat_s=30.0, cycle_s=0.12, workers_per_s=20.0, kernel_s=0.1),
)
ROWS = (
    "as it is",
    "the best number",
    "one miner fewer",
    "one miner more",
    "one worker more",
    "one host more",
    "another address",
)
PRICED = {
    "FLEET_EARNING__NNET_PRICE": "0.02",
    "FLEET_EARNING__WATTS_PER_CORE": "9.5",
    "FLEET_EARNING__POWER_PRICE_KWH": "0.30",
}
TABLES = json.dumps([{"id": f"rig-{number}"} for number in range(8)])


def kept(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """The settings of a farm whose ledger holds the advice for eight miners."""
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    with Ledger(open_engine(url), "one") as ledger:
        ledger.commit([IncomeEstimated(advice=json.dumps(stated(made())))])
    return farm_settings(folder, {"FLEET_SERVER": "http://127.0.0.1:9", "FLEET_LEDGER_URL": url} | settings)


def made() -> Advice:
    advice = advise(MODEL, 8, hosts=2)
    assert advice is not None
    return advice


def printed(folder: Path, settings: dict[str, str]) -> str:
    done = run_fleet("advise", folder=folder, settings=kept(folder, settings))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_change_is_in_the_table_and_nothing_is_priced_without_a_price(tmp_path: Path) -> None:
    text = printed(tmp_path, {})
    assert made().sentence in text
    for row in ROWS:
        assert f"\n{row} " in text
    assert "kWh" not in text
    assert "EUR" not in text


@pytest.mark.parametrize("settings", [{}, {"FLEET_MINER": TABLES}], ids=["auto", "tables"])
def test_prices_and_watts_of_the_settings_price_each_change(tmp_path: Path, settings: dict[str, str]) -> None:
    text = printed(tmp_path, PRICED | settings)
    done = run_fleet("advise", "--json", folder=tmp_path, settings=kept(tmp_path, PRICED | settings))
    (server,) = json.loads(done.stdout)["servers"]
    rows = (server["now"], server["best"], *server["others"])
    assert [row["what"] for row in rows] == list(ROWS)
    for row in rows:
        assert row["kwh_a_day"] == pytest.approx(row["core_hours_a_day"] * 9.5 / 1000)
        assert row["worth_a_day"] == pytest.approx(row["nnet_a_day"] * 0.02 - row["kwh_a_day"] * 0.30)
        assert f"{row['kwh_a_day']:.3g}" in next(line for line in text.splitlines() if line.startswith(row["what"]))
    assert "EUR: a day's NNET at your price, less the power for computing" in text


def test_a_reason_why_the_farm_does_not_earn_more_dates_by_the_farm_s_time_zone(tmp_path: Path) -> None:
    settings = kept(tmp_path, {"FLEET_TIME_ZONE": "Asia/Kolkata"})
    done = run_fleet("explain", "farm", folder=tmp_path, settings=settings)
    assert f"Another number of miners would earn more: {made().sentence}." in done.stdout
    assert " NNET a day, since " in done.stdout
    assert done.stdout.count(" Asia/Kolkata\n") == 1
