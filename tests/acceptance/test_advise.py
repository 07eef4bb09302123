"""Eight miners share what two would have alone: the run, its end, the next start and `fleet advise` say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.farms import book, earned, farm, farm_settings, simulator
from tests.support.processes import eventually, nothing_left, run_fleet, stop

pytestmark = pytest.mark.timeout(240)
SETTINGS = {
    # the limit is known from the start, as it is at a server of the usual one
    "FLEET_BUDGET__REQUESTS": "300",
    "FLEET_OUTPUT__STATUS_EVERY_S": "4",
    "FLEET_EARNING__NNET_PRICE": "0.5",
    "FLEET_EARNING__WATTS_PER_CORE": "8",
}
#: so few requests that one miner uses them up, however slow this machine is
SERVER = ("--dialect", "c", "--rate-limit", "300/60", "--heartbeat-pay", "none", "--mix", "light")


def advised(folder: Path, settings: dict[str, str]) -> str:
    """The advice that `fleet status` shows."""
    shown = run_fleet("status", folder=folder, settings=settings).stdout
    return next((line.removeprefix("advice").strip() for line in shown.splitlines() if line.startswith("advice")), "")


def test_miners_that_cost_income_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", *SERVER) as (_, url):
        command = ("--server", url, "--miners", "8")
        with farm(folder, *command, settings=SETTINGS) as process:
            process.says("of 8 miners: ", timeout_s=120)
            process.says("[EARN]   close ")
            running = farm_settings(folder, SETTINGS | {"FLEET_SERVER": url})
            eventually("advice in the snapshot", lambda: "close" in advised(folder, running))
            assert stop(process) == 0, process.words()
            nothing_left(process)
        settings = farm_settings(folder, SETTINGS | {"FLEET_SERVER": url})
        answer = json.loads(run_fleet("advise", "--json", folder=folder, settings=settings).stdout)
        shown = run_fleet("advise", folder=folder, settings=settings).stdout
        assert advised(folder, settings) == answer["servers"][0]["advice"]
        with farm(folder, *command, settings=SETTINGS) as again:
            again.says("[EARN]   as of the last run: close ")
            again.says("session started", times=8)
            assert stop(again) == 0, again.words()
        assert earned(folder, url) == book(url)
    (row,) = answer["servers"]
    best = row["best"]["miners"]
    assert row["now"]["miners"] == 8
    assert row["advice"].startswith(f"close {8 - best} of 8 miners: ")
    # a job of weight 1 pays 0.1 / 8 NNET with eight miners, and 0.05 with one, which sends fewer heartbeats
    truth = (0.05 * (300 - 2)) / (0.1 / 8 * (300 - 16))
    assert row["best"]["nnet_a_day"] / row["now"]["nnet_a_day"] == pytest.approx(truth, rel=0.1)
    assert row["now"]["worth_a_day"] == pytest.approx(row["now"]["nnet_a_day"] * 0.5)
    assert row["now"]["kwh_a_day"] > 0
    assert f"expected income: {row['advice']}" in process.words()
    assert row["advice"] in shown
    assert max(map(len, shown.splitlines())) <= 80
