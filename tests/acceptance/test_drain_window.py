"""A drain that begins with the server's limit used up lasts until the window has room, or says what it will leave."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm, figures, simulator

#: jobs that are open at the stop wait for a window that is longer than the drain alone would be
LIMIT = {"FLEET_BUDGET__REQUESTS": "32", "FLEET_BUDGET__WINDOW_S": "20", "FLEET_DRAIN_S": "3"}


def test_no_job_is_lost_to_a_limit_that_frees_room_in_time(tmp_path: Path) -> None:
    """The opening of the sessions takes most of the window. On release a each job is submitted twice."""
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--dialect", "a", "--rate-limit", "32/20") as (_, url):
        options = ("--server", url, "--miners", "8", "--for", "8s", "--json")
        with farm(folder, *options, settings=LIMIT) as process:
            assert process.wait(120) == 0, process.words()
        jobs = figures(process)["jobs"]
        assert jobs["assigned"] == jobs["accepted"] + jobs["already_completed"] > 5, process.words()
        assert earned(folder, url) == book(url)
        assert asked(url, "/simulator/requests")["sessions_open"] == 0
    assert re.search(r"^\S+Z \[STOP\] .*the request limit", process.err, re.MULTILINE), process.words()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("error_before,roads=stop-session", "session not stopped: 500: Internal Server Error: "),
        ("drop_before,roads=stop-session", "session not stopped: the server does not answer: "),
    ],
)
def test_a_session_that_is_not_stopped_has_what_the_server_answered(fault: str, words: str, tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator", "--fault", fault) as (_, url):
        with farm(tmp_path / "farm", "--server", url, "--miners", "1", "--for", "2s") as process:
            assert process.wait() == 0, process.words()
        assert len(re.findall(r"session not stopped: .*", process.out)) == process.out.count(words) == 1


def test_no_job_is_lost_while_the_limit_is_learnt_from_refusals(tmp_path: Path) -> None:
    """The server takes less than the farm believes: at the stop one request at a time asks how much."""
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--rate-limit", "60/15") as (_, url):
        options = ("--server", url, "--miners", "10", "--for", "5s", "--json")
        with farm(folder, *options, settings={"FLEET_DRAIN_S": "3"}) as process:
            assert process.wait(180) == 0, process.words()
        summary = figures(process)
        assert summary["requests"]["refused_429"] > 0
        assert summary["jobs"]["assigned"] == summary["jobs"]["accepted"] + summary["jobs"]["already_completed"], (
            process.words()
        )
        assert earned(folder, url) == book(url)
