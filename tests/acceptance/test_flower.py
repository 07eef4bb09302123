"""Flower shows the farm to whoever watches it: workers, and every job by its NeoNet id, type and miner."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.jobtypes import JOB_TYPES
from tests.support.farms import asked, farm, simulator
from tests.support.processes import Started, eventually


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """A farm, its server, and its Flower."""

    process: Started
    server: str
    flower: str


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A farm whose Flower lets its interface be read without a password, on this machine."""
    folder: Path = tmp_path_factory.mktemp("watched")
    settings = {"FLEET_FLOWER__ENABLED": "true", "FLOWER_UNAUTHENTICATED_API": "true", "FLEET_WORKER__NAME": "garage"}
    with (
        simulator(folder / "simulator", "--latency", "100") as (_, url),
        farm(folder / "farm", "--server", url, "--miners", "2", settings=settings) as process,
    ):
        process.says("Flower:")
        flower = re.findall(r"Flower: +(http://\S+)", process.out)[0]
        process.says("[REWARD]")
        eventually("Flower's first task", lambda: shown(flower, "/api/tasks"))
        yield Watched(process=process, server=url, flower=flower)


def shown(flower: str, path: str) -> Any:
    """What Flower's interface answers; nothing while it does not listen yet."""
    try:
        with urllib.request.urlopen(flower + path, timeout=30) as answer:  # noqa: S310 - a URL of this test
            return json.loads(answer.read())
    except urllib.error.URLError:
        return None


def test_every_job_is_listed_by_its_neonet_id_with_type_and_miner(watched: Watched) -> None:
    def tasks() -> dict[str, dict[str, Any]]:
        return {uuid: task for uuid, task in shown(watched.flower, "/api/tasks").items() if task["name"]}

    eventually("some tasks", lambda: len(tasks()) > 5)
    paid = {row["job_id"]: row for row in asked(watched.server, "/simulator/book")["payments_made"]}
    listed = tasks()
    known = listed.keys() & paid.keys()
    assert known
    for job_id in known:
        assert listed[job_id]["name"] == f"neonet.{paid[job_id]['job_type']}"
        assert re.match(r"miner=miner-0\d attempt=\d", listed[job_id]["args"])
    assert {task["name"].removeprefix("neonet.") for task in listed.values()} <= JOB_TYPES.keys()


def test_a_job_that_flower_saw_succeed_shows_its_worker_and_its_result(watched: Watched) -> None:
    eventually("a finished task", lambda: any(done(task) for task in shown(watched.flower, "/api/tasks").values()))
    task = next(task for task in shown(watched.flower, "/api/tasks").values() if done(task))
    assert task["worker"] == "worker@garage"
    assert "result" in task["result"]


def test_the_worker_is_listed_and_online(watched: Watched) -> None:
    eventually("the worker", lambda: "worker@garage" in (shown(watched.flower, "/api/workers?refresh=1") or {}))
    assert shown(watched.flower, "/api/workers?status=1") == {"worker@garage": True}


def test_the_page_of_workers_names_the_worker(watched: Watched) -> None:
    with urllib.request.urlopen(watched.flower + "/workers", timeout=30) as answer:  # noqa: S310
        assert "worker@garage" in answer.read().decode()


def test_nobody_can_stop_a_worker_through_flower(watched: Watched) -> None:
    request = urllib.request.Request(  # noqa: S310
        f"{watched.flower}/api/worker/shutdown/worker@garage", data=b"", method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)  # noqa: S310
    with refused.value:
        assert refused.value.code in {401, 403, 405}
    assert watched.process.running


def test_flower_sees_neither_sessions_nor_rewards(watched: Watched) -> None:
    seen = json.dumps(shown(watched.flower, "/api/tasks"))
    sessions = asked(watched.server, "/simulator/sessions")["sessions"]
    assert sessions
    assert not any(session["session_id"] in seen for session in sessions)


def done(task: dict[str, Any]) -> bool:
    """Whether Flower knows that it succeeded."""
    return bool(task["state"] == "SUCCESS")
