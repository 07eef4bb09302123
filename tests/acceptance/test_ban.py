"""The server bans the farm's address: nothing is sent meanwhile, a stop ends at once, and the next start goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm, figures, simulator

pytestmark = pytest.mark.timeout(120)


def test_a_stop_under_a_ban_ends_at_once_and_the_next_start_submits_what_is_open(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    options = ("--miners", "3", "--json")
    with simulator(tmp_path / "simulator", "--fault", "blocked,after=60,count=1,value=600") as (_, url):
        with farm(folder, "--server", url, *options) as process:
            process.says("the server refuses all calls from this address")
            before = asked(url, "/simulator/requests")["requests_total"]
            process.send(15)
            assert process.wait(20) == 76, process.words()
        told = figures(process)
        assert told["books"]["compared"] is False
        assert "session not stopped: the server refuses all calls from this address" in process.out + process.err
        assert asked(url, "/simulator/requests")["requests_total"] - before <= 5
        asked(url, "/simulator/unban", {})
        with farm(folder, "--server", url, *options, "--for", "4s") as process:
            assert process.wait(60) == 0, process.words()
        assert figures(process)["jobs"]["open"] == 0
        assert figures(process)["rewards"]["difference_nnet"] == 0
        assert earned(folder, url) == book(url)
