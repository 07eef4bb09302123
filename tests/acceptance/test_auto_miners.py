"""`miners = "auto"` on a real farm: among strangers it opens further miners, and the books are exact at the end."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm, farm_settings, figures, simulator
from tests.support.processes import eventually, nothing_left, run_fleet, stop

pytestmark = pytest.mark.timeout(300)


def sessions(url: str) -> int:
    return int(asked(url, "/simulator/requests")["sessions_open"])


def test_it_opens_as_many_as_earn_most_and_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    options = ("--dialect", "c", "--rate-limit", "600/60", "--latency", "300", "--strangers", "50")
    with simulator(tmp_path / "simulator", *options) as (_, url):
        with farm(folder, "--server", url, "--miners", "auto", "--json") as process:
            # a miner can use a third of the limit at most, and takes little from 50 others
            eventually("a second session", lambda: sessions(url) >= 2, timeout_s=200)
            assert stop(process) == 0, process.words()
            nothing_left(process)
        summary = figures(process)
        assert earned(folder, url) == book(url)
        settings = farm_settings(folder, {"FLEET_SERVER": url})
        rows = json.loads(run_fleet("miners", "--json", folder=folder, settings=settings).stdout)["miners"]
    assert summary["rewards"]["difference_nnet"] == 0
    assert 2 <= summary["miners"] < 32
    assert summary["jobs"]["open"] == 0
    states = [row["state"] for row in rows]
    assert len(states) == 32
    assert states.count("closed") == summary["miners"]
    assert states.count("not opened") == 32 - summary["miners"]


def test_miners_that_it_leaves_closed_are_compared_by_what_the_server_stated_before(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--dialect", "c") as (_, url):
        with farm(folder, "--server", url, "--miners", "4", "--json") as process:
            process.says("[REWARD]", times=12)
            assert stop(process) == 0, process.words()
        before = figures(process)["rewards"]
        with farm(folder, "--server", url, "--miners", "auto", "--json") as process:
            process.says("[REWARD]", times=3)
            assert stop(process) == 0, process.words()
        summary = figures(process)
        assert earned(folder, url) == book(url)
    assert summary["books"]["not_stated"] == 0
    # a server's sums are floats
    assert summary["rewards"]["server_nnet"] == pytest.approx(summary["rewards"]["ledger_nnet"], abs=Decimal("1e-9"))
    assert summary["rewards"]["ledger_nnet"] > before["ledger_nnet"]
    assert summary["rewards"]["difference_nnet"] == 0
