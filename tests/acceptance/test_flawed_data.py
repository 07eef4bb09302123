"""A server some of whose jobs hold what JSON has no room for: each costs itself, and no miner stands still."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.simulator.faultkinds import DATA_FLAWS
from tests.support.farms import book, earned, farm, figures, simulator

MINERS = 3


@pytest.mark.parametrize("flaw", DATA_FLAWS)
def test_a_flawed_job_costs_that_job_and_never_its_miner(tmp_path: Path, flaw: str) -> None:
    fault = f"flawed_data,probability=0.2,value={flaw}"
    with simulator(tmp_path / "simulator", "--fault", fault) as (_, url):
        with farm(tmp_path / "farm", "--server", url, "--miners", str(MINERS), "--for", "6s", "--json") as process:
            assert process.wait() == 0, process.words()
        paid = book(url)
        assert earned(tmp_path / "farm", url) == paid
    jobs = figures(process)["jobs"]
    if flaw == "surrogate":
        assert jobs["assigned"] == jobs["accepted"] > MINERS, "it can be sent on, and is computed"
        return
    assert jobs["accepted"] > jobs["rejected"]
    # a miner that met one and stood still would have lost most of its time
    assert jobs["assigned"] == jobs["accepted"] + jobs["rejected"]
    assert jobs["rejected"] > MINERS, "each miner meets the next one"
