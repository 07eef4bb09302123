"""The server bans the farm's address: nothing is sent meanwhile, a stop ends at once, and the next start goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm, figures, simulator
from tests.support.processes import eventually

pytestmark = pytest.mark.timeout(120)


def test_a_stop_under_a_ban_ends_at_once_and_the_next_start_waits_for_its_end_and_submits_what_is_open(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "farm"
    options = ("--miners", "3", "--json")
    with simulator(tmp_path / "simulator", "--fault", "blocked,after=60,count=1,value=25") as (_, url):
        with farm(folder, "--server", url, *options) as process:
            process.says("the server refuses all calls from this address")
            process.send(15)
            assert process.wait(20) == 76, process.words()
        stated, before = figures(process), asked(url, "/simulator/requests")
        assert stated["books"]["compared"] is False
        assert "session not stopped: the server refuses all calls from this address" in process.out + process.err
        assert before["refused_403"] <= 5
        assert stated["jobs"]["open"] == before["assigned_total"] - before["accepted"]
        with farm(folder, "--server", url, *options) as process:
            eventually(
                "a job after the ban", lambda: asked(url, "/simulator/requests")["accepted"] > before["accepted"]
            )
            process.send(15)
            assert process.wait(60) == 0, process.words()
        assert asked(url, "/simulator/requests")["refused_403"] == before["refused_403"], "no call before its end"
        assert figures(process)["jobs"]["open"] == 0
        ended = asked(url, "/simulator/requests")
        assert ended["accepted"] == ended["assigned_total"], "no result was lost"
        assert figures(process)["rewards"]["difference_nnet"] == 0
        assert earned(folder, url) == book(url)


def test_a_start_within_a_ban_says_so_and_makes_no_call(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--fault", "blocked,after=60,count=1,value=3000") as (_, url):
        with farm(folder, "--server", url, "--miners", "3") as process:
            process.says("the server refuses all calls from this address")
            process.send(15)
            process.wait(20)
        before = asked(url, "/simulator/requests")["requests_total"]
        with farm(folder, "--server", url, "--miners", "3", "--for", "4s") as process:
            assert process.wait(90) == 76, process.words()
        assert "refuses all calls from this address: it said so to an earlier start; the next call" in process.out
        assert asked(url, "/simulator/requests")["requests_total"] == before
