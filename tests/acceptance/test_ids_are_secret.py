"""A miner's id is its wallet: outside the ledger and the server's own calls, only its name is seen."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.farms import asked, farm, farm_settings, simulator, state
from tests.support.overhearing import overheard
from tests.support.processes import eventually, run_fleet, stop
from tests.support.redis_server import binary, running

NAMED = "neo1" + "5f0c3b9a7e" * 4
BARE = "0x" + "0f1e2d3c4b" * 4
IDS = (NAMED, BARE)
MINERS = json.dumps([{"id": NAMED, "name": "garage"}, {"id": BARE}])
REPORTS = (
    "miners",
    "miners --json",
    "rewards",
    "rewards --json",
    "rewards --csv",
    "rewards --losses --json",
    "reconcile",
    "reconcile --json",
    "ledger verify --json",
    "ledger export --csv -",
    "ledger export --json -",
)
WITH_IDS = (
    "miners --ids",
    "miners --ids --json",
    "rewards --ids",
    "rewards --ids --json",
    "rewards --ids --csv",
    "reconcile --ids",
    "reconcile --ids --json",
    "ledger export --ids --csv -",
    "ledger export --ids --json -",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mined:
    """What a run left: the farm's folder, its settings, all that it wrote, and all that its Redis and Flower knew."""

    folder: Path
    settings: dict[str, str]
    output: str
    commands: str
    flower: str


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Mined:
    """Two miners on a server that forgets them once, so that its words about them reach the output, too."""
    folder = tmp_path_factory.mktemp("secret")
    # outside the farm's folder: what works in there is ended with the farm
    own = tmp_path_factory.mktemp("redis")
    with simulator(folder / "simulator") as (_, server), running(binary(), own) as url, overheard(url) as commands:
        settings = {
            "FLEET_SERVER": server,
            "FLEET_MINER": MINERS,
            "FLEET_REDIS_URL": url,
            "FLEET_LOG__LEVEL": "DEBUG",
            "FLEET_FLOWER__ENABLED": "true",
            "FLOWER_UNAUTHENTICATED_API": "true",
        }
        with farm(folder, settings=settings) as process:
            process.says("[REWARD]")
            process.says("Flower:")
            asked(server, "/simulator/forget", {})
            process.says("[REWARD]", times=process.out.count("[REWARD]") + 5)
            flower = shown_by_flower(re.findall(r"Flower: +(http://\S+)", process.out)[0])
            assert stop(process) == 0, process.words()
            output = process.out + process.err
    return Mined(
        folder=folder,
        settings=farm_settings(folder, settings),
        output=output,
        commands="\n".join(commands),
        flower=flower,
    )


def shown_by_flower(url: str) -> str:
    """The pages of Flower, and what its interface states of workers and tasks, once one has succeeded."""
    pages: dict[str, str] = {}

    def read(path: str) -> str:
        try:
            with urllib.request.urlopen(url + path, timeout=30) as answer:  # noqa: S310 - a URL of this test
                pages[path] = answer.read().decode()
        except urllib.error.URLError:
            # it does not listen yet
            return ""
        return pages[path]

    eventually("a task that succeeded", lambda: '"state": "SUCCESS"' in read("/api/tasks?limit=1000"))
    task = next(uuid for uuid, one in json.loads(pages["/api/tasks?limit=1000"]).items() if one["state"] == "SUCCESS")
    for path in ("/", "/tasks", f"/task/{task}", f"/api/task/info/{task}", "/api/workers?refresh=1", "/broker"):
        assert read(path)
    return "\n".join(pages.values())


def shown_ids(text: str) -> list[str]:
    return [one for one in IDS if one in text.lower()]


def test_the_output_and_the_logs_of_farm_and_workers_show_names(mined: Mined) -> None:
    assert shown_ids(mined.output) == []
    assert "garage" in mined.output
    assert "0x0f..3c4b" in mined.output


def test_no_worker_and_no_visitor_of_flower_learns_an_id(mined: Mined) -> None:
    assert "neonet.jobs" in mined.commands
    assert "miner=garage" in mined.commands
    assert shown_ids(mined.commands) == []
    assert "miner=garage" in mined.flower
    assert shown_ids(mined.flower) == []


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_shows_names(mined: Mined, report: str) -> None:
    done = run_fleet(*report.split(), folder=mined.folder, settings=mined.settings)
    assert done.returncode == 0, done.stderr
    assert shown_ids(done.stdout + done.stderr) == []


@pytest.mark.parametrize("report", WITH_IDS)
def test_a_report_shows_ids_when_it_is_asked_to(mined: Mined, report: str) -> None:
    done = run_fleet(*report.split(), folder=mined.folder, settings=mined.settings)
    assert done.returncode == 0, done.stderr
    assert shown_ids(done.stdout) == list(IDS)


def test_the_history_of_a_job_shows_the_name(mined: Mined) -> None:
    exported = run_fleet("ledger", "export", "--json", "-", folder=mined.folder, settings=mined.settings)
    job = next(row["job_id"] for row in json.loads(exported.stdout) if row["job_id"])
    for form in ([], ["--json"]):
        done = run_fleet("explain", "job", job, *form, folder=mined.folder, settings=mined.settings)
        assert done.returncode == 0, done.stderr
        assert shown_ids(done.stdout) == []


def test_only_the_owner_reads_the_files_that_hold_ids(mined: Mined) -> None:
    holding = [
        path
        for path in state(mined.folder).rglob("*")
        if path.is_file() and any(one.encode() in path.read_bytes() for one in IDS)
    ]
    assert [path.name for path in holding] == ["ledger.sqlite"]
    assert [path.stat().st_mode & 0o777 for path in holding] == [0o600]
