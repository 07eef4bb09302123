"""`fleet rewards` of a farm that mined: its sums, however they are grouped and printed."""

from __future__ import annotations

import csv
import io
import json
import signal
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.farms import farm, farm_settings
from tests.support.processes import nothing_left, run_fleet


@pytest.fixture(scope="module")
def total(mined: Path) -> Decimal:
    """All that the farm of `mined` earned."""
    amount = json.loads(shown(mined, "--json"), parse_float=Decimal, parse_int=Decimal)["total_nnet"]
    assert isinstance(amount, Decimal)
    return amount


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a farm that ran on the simulator for a while."""
    folder = tmp_path_factory.mktemp("mined")
    with farm(folder, "--miners", "2", "--latency", "20", "--for", "3s") as process:
        assert process.wait() == 0, process.words()
        assert "SIMULATED" in process.out
        nothing_left(process)
    return folder


def shown(folder: Path, *options: str) -> str:
    """What `fleet rewards` prints."""
    done = run_fleet("rewards", *options, folder=folder, settings=farm_settings(folder))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("by", ["miner", "tag", "type", "hour", "day"])
def test_rewards_say_the_same_sum_however_they_are_grouped_and_printed(mined: Path, total: Decimal, by: str) -> None:
    answer = json.loads(shown(mined, "--by", by, "--json"), parse_float=Decimal, parse_int=Decimal)
    rows = list(csv.DictReader(io.StringIO(shown(mined, "--by", by, "--csv"))))
    assert answer["total_nnet"] == total > 0
    assert answer["simulated"] is True
    assert sum(row["total_nnet"] for row in answer["rows"]) == total
    assert sum(Decimal(row["total_nnet"]) for row in rows) == total
    assert [row[by] for row in rows] == [row[by] for row in answer["rows"]]


def test_rewards_are_summed_by_the_tags_of_the_miners(mined: Path) -> None:
    first, second = (row["miner_id"] for row in json.loads(shown(mined, "--json", "--ids"))["rows"])
    named = json.dumps([{"id": first, "tags": ["garage", "attic"]}, {"id": second}])
    done = run_fleet(
        "rewards", "--by", "tag", "--json", folder=mined, settings=farm_settings(mined) | {"FLEET_MINER": named}
    )
    assert [row["tag"] for row in json.loads(done.stdout)["rows"]] == ["attic, garage", "untagged"]


def test_rewards_are_a_table_that_says_when_they_are_not_real(mined: Path, total: Decimal) -> None:
    table = shown(mined)
    assert f"{total}" in table
    assert "simulated: these rewards are not real" in table


def test_rewards_can_be_read_while_the_farm_runs(tmp_path: Path) -> None:
    with farm(tmp_path, "--miners", "1") as process:
        process.says("[REWARD]")
        assert json.loads(shown(tmp_path, "--json"), parse_float=Decimal)["total_nnet"] > 0
        assert process.running
        process.send(signal.SIGTERM)
        assert process.wait() == 0
