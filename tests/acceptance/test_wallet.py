"""Money that leaves a wallet is said once; a server that forgot its totals and kept the wallets is told apart."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.farms import asked, farm, farm_settings, simulator
from tests.support.processes import run_fleet, stop

pytestmark = pytest.mark.timeout(180)


def command(folder: Path, url: str, *words: str) -> str:
    done = run_fleet(*words, folder=folder, settings=farm_settings(folder, {"FLEET_SERVER": url}))
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def only_row(folder: Path, url: str) -> dict[str, Any]:
    (row,) = json.loads(command(folder, url, "reconcile", "--json"), parse_float=Decimal)["miners"]
    return dict(row)


def classes(row: dict[str, Any]) -> list[str]:
    return [found["class"] for found in row["findings"]]


def test_a_departure_is_said_once_and_a_kept_wallet_is_told_from_a_lost_one(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--dialect", "c") as (_, url):
        options = ("--server", url, "--miners", "1")
        with farm(folder, *options) as process:
            process.says("[REWARD]", times=5)
            assert stop(process) == 0, process.words()
        ((miner, before),) = asked(url, "/simulator/wallets")["balances"].items()
        assert only_row(folder, url)["wallet_nnet"] == before > 0
        row = json.loads(command(folder, url, "rewards", "--json"), parse_float=Decimal)["rows"][0]
        assert (row["wallet_nnet"], row["server_total_nnet"]) == (before, before)
        assert row["wallet_at"]
        assert row["server_total_at"]
        history = json.loads(command(folder, url, "reconcile", "--wallets", "--json"), parse_float=Decimal)["wallets"]
        assert history[-1]["wallet_nnet"] == before
        assert miner not in json.dumps(history, default=str)
        assert history[-1]["at"] in command(folder, url, "reconcile", "--wallets")

        # sent while the farm is off: the next start finds it
        asked(url, "/simulator/wallets", {"from": miner, "to": "elsewhere", "amount": float(before) / 2})
        with farm(folder, *options) as process:
            process.says("[WALLET]")
            process.says("[REWARD]", times=5)
            assert stop(process) == 0, process.words()
            said = process.words()
        assert said.count("[WALLET]") == 1, said
        assert miner not in said
        row = only_row(folder, url)
        assert classes(row) == ["left the wallet"]
        assert abs(row["findings"][0]["amount_nnet"] + before / 2) < Decimal("1e-9")
        assert row["unexplained_nnet"] == 0

        asked(url, "/simulator/forget", {"keep_balances": True})
        with farm(folder, *options) as process:
            process.says("[WALLET]")
            assert stop(process) == 0, process.words()
        assert classes(only_row(folder, url)) == ["left the wallet", "server forgot", "wallet kept"]


def test_a_server_that_lost_the_money_with_its_totals_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--dialect", "b") as (_, url), farm(folder, "--server", url) as process:
        process.says("[REWARD]", times=5)
        asked(url, "/simulator/forget", {})
        process.says("[WALLET] the server forgot its totals and lost this wallet's money")
        assert stop(process) == 0, process.words()
        rows = json.loads(command(folder, url, "reconcile", "--json"))["miners"]
        assert "wallet lost" in {word for row in rows for word in classes(row)}


def test_a_release_that_states_no_balance_is_shown_as_not_stated(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--dialect", "a") as (_, url):
        with farm(folder, "--server", url, "--miners", "1", "--for", "4s") as process:
            process.wait(60)
        row = only_row(folder, url)
        assert row["wallet_nnet"] is None
        assert row["wallet_at"] is None
        assert "not stated" in command(folder, url, "rewards")
