"""A server that repeats the miner's id in ids, types and data of its own: the farm earns, and shows names."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.farms import book, farm, farm_settings, simulator, state
from tests.support.overhearing import overheard
from tests.support.processes import run_fleet
from tests.support.redis_server import binary, running
from tests.support.repeating import repeating

NAMED = "neo1" + "5f0c3b9a7e" * 4
BARE = "0x" + "0f1e2d3c4b" * 4
IDS = (NAMED, BARE)
MINERS = json.dumps([{"id": NAMED, "name": "garage"}, {"id": BARE}])
#: base64 in a message of Celery
_ENCODED = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mined:
    """What a run left: the farm's folder, its settings, all that it wrote, what Redis was told, what was paid."""

    folder: Path
    settings: dict[str, str]
    output: str
    figures: dict[str, object]
    commands: list[str]
    paid: int


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Mined:
    folder = tmp_path_factory.mktemp("repeated")
    # outside the farm's folder: what works in there is ended with the farm
    own, elsewhere = tmp_path_factory.mktemp("redis"), tmp_path_factory.mktemp("simulator")
    with (
        simulator(elsewhere) as (_, paying),
        repeating(paying) as server,
        running(binary(), own) as url,
        overheard(url) as commands,
    ):
        settings = {"FLEET_SERVER": server, "FLEET_MINER": MINERS, "FLEET_REDIS_URL": url, "FLEET_LOG__LEVEL": "DEBUG"}
        with farm(folder, "--for", "6s", "--json", settings=settings) as process:
            assert process.wait() == 0, process.words()
            output = process.out + process.err
            figures = json.loads(process.out.splitlines()[-1])
        logs = "".join(path.read_text() for path in state(folder).rglob("*.log"))
        paid = sum(amount > 0 for amount in book(paying).values())
    return Mined(
        folder=folder,
        settings=farm_settings(folder, settings),
        output=output + logs,
        figures=figures,
        commands=commands,
        paid=paid,
    )


def shown_ids(text: str) -> list[str]:
    return [one for one in IDS if one in text.lower()]


def opened(command: str) -> str:
    """A command and the messages inside it, as readable text."""
    inner = [base64.b64decode(one + "=" * (-len(one) % 4), validate=False) for one in _ENCODED.findall(command)]
    return command + "".join(one.decode(errors="replace") for one in inner)


def test_its_jobs_are_computed_submitted_and_paid(mined: Mined) -> None:
    jobs = mined.figures["jobs"]
    assert isinstance(jobs, dict)
    assert jobs["accepted"] > 10
    assert mined.paid == 2
    assert mined.figures["unexplained_nnet"] == 0


def test_no_worker_learns_an_id_from_it(mined: Mined) -> None:
    stated = "\n".join(map(opened, mined.commands))
    assert "miner=garage" in stated
    assert "hidden-" in stated
    assert shown_ids(stated) == []


def test_neither_output_nor_logs_nor_figures_show_one(mined: Mined) -> None:
    assert "task-of-" in mined.output
    assert shown_ids(mined.output) == []


@pytest.mark.parametrize(
    "report",
    [
        "ledger export --csv -",
        "ledger export --json -",
        "rewards --by type --json",
        "rewards --losses --json",
        "reconcile --json",
        "reconcile",
        "explain job neo1",
        "explain job 0x",
        "ledger verify",
    ],
)
def test_no_report_shows_one(mined: Mined, report: str) -> None:
    done = run_fleet(*report.split(), folder=mined.folder, settings=mined.settings)
    assert done.returncode == (65 if "explain" in report else 0), done.stderr
    assert shown_ids(done.stdout + done.stderr) == []


def test_an_export_with_ids_has_the_servers_own_words(mined: Mined) -> None:
    done = run_fleet("ledger", "export", "--ids", "--json", "-", folder=mined.folder, settings=mined.settings)
    row = next(row for row in json.loads(done.stdout) if row["job_id"])
    assert row["job_id"].startswith(row["miner_id"] + ".")
    stated = run_fleet("explain", "job", row["job_id"], folder=mined.folder, settings=mined.settings)
    assert stated.returncode == 0, stated.stderr
    assert shown_ids(stated.stdout + stated.stderr) == []
