"""Release a pays for jobs that a heartbeat reports, and only the session's sum says so: all of it is booked."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from fleet.domain.causes import Difference
from tests.support.farms import asked, book, earned, farm, farm_settings, figures, simulator
from tests.support.processes import run_fleet, stop

NO_TOTALS = {"faults": ["unavailable,roads=contributor|register"]}
EX_PROTOCOL = 76


def test_the_books_are_whole_without_a_final_total_and_a_restart_finds_no_other_client(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--dialect", "a") as (_, url):
        options = ("--server", url, "--miners", "3", "--json")
        with farm(folder, *options) as process:
            # the first heartbeats come after half a minute, each beside submissions whose answer was a 500
            process.says("NNET  heartbeat", times=3, timeout_s=120)
            asked(url, "/simulator/faults", NO_TOTALS)
            assert stop(process) == EX_PROTOCOL, process.words()
            summary = figures(process)
        paid = asked(url, "/simulator/book?totals=1")
        assert Decimal(paid["heartbeats_nnet"]) > 0
        assert summary["scopes"]["run"]["heartbeats_nnet"] == Decimal(paid["heartbeats_nnet"])
        assert summary["scopes"]["run"]["adjustments_nnet"] == 0
        assert earned(folder, url) == book(url)

        asked(url, "/simulator/faults", {"faults": []})
        with farm(folder, *options, "--for", "1s") as process:
            assert process.wait() == 0, process.words()
            assert figures(process)["rewards"]["difference_nnet"] == 0
        assert earned(folder, url) == book(url)
        settings = farm_settings(folder, {"FLEET_SERVER": url})
        summary = json.loads(run_fleet("reconcile", "--json", folder=folder, settings=settings).stdout)
    assert summary["miners"]
    classes = {found["class"] for row in summary["miners"] for found in row["findings"]}
    assert classes <= {Difference.CONFIRMED.value}
