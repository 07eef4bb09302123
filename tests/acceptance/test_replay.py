"""`fleet replay` of a farm that mined: every job that it submitted is computed again, and is the same."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.farms import farm, farm_settings, state
from tests.support.processes import run_fleet


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a farm that ran on the simulator for a while."""
    folder = tmp_path_factory.mktemp("mined")
    with farm(folder, "--miners", "3", "--latency", "20", "--for", "4s") as process:
        assert process.wait() == 0, process.words()
    return folder


def replayed(folder: Path, *options: str) -> tuple[dict[str, Any], int]:
    done = run_fleet("replay", *options, "--json", folder=folder, settings=farm_settings(folder))
    return json.loads(done.stdout), done.returncode


def test_every_job_that_was_submitted_is_the_same_again(mined: Path) -> None:
    found, code = replayed(mined, "--last", "1000")
    with closing(sqlite3.connect(state(mined) / "simulator" / "ledger.sqlite")) as ledger:
        ((accepted,),) = ledger.execute("SELECT count(*) FROM jobs WHERE state = 'accepted'").fetchall()
    assert (code, found["jobs"], found["same"], found["altered"]) == (0, accepted, accepted, 0)
    assert accepted > 0
    assert all(one["proven"] and one["worker"] and one["kernel_version"] for one in found["replays"])
    # the first results may come before the coordinator knows what the worker's host is
    assert any(one["same_kind"] for one in found["replays"])


def test_a_job_is_named_as_the_running_output_shows_it(mined: Path) -> None:
    (one,) = replayed(mined, "--sample", "1")[0]["replays"]
    found, code = replayed(mined, one["job_id"][:13])
    assert (code, [again["job_id"] for again in found["replays"]]) == (0, [one["job_id"]])
    done = run_fleet("replay", one["job_id"], folder=mined, settings=farm_settings(mined))
    assert "the same in every bit" in done.stdout
    assert "proven by the ledger's chain" in done.stdout
