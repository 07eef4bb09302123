"""A server that closes its connections after each 500 (docs/protocol-notes.md, 14): the farm loses no call to that."""

from __future__ import annotations

from pathlib import Path

from tests.support.farms import farm, figures, simulator

MINERS = 3


def test_a_farm_on_release_a_mines_without_an_anomaly_and_every_total_is_stated(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator", "--dialect", "a") as (_, url):
        options = ("--server", url, "--miners", str(MINERS), "--for", "6s", "--json")
        with farm(tmp_path / "farm", *options) as process:
            assert process.wait() == 0, process.words()
    run = figures(process)
    assert run["jobs"]["already_completed"] > MINERS
    assert run["anomalies"] == 0, process.words()
    stated = run["rewards"]["per_miner"].values()
    assert [miner["difference_nnet"] for miner in stated] == [0] * MINERS
