"""A worker that is deaf is named while the others go on, is announced once, and is announced as over once it works."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from fleet.status.snapshot_file import SNAPSHOT_FILE
from tests.chaos.farm import Farm, Setup
from tests.support.farms import state
from tests.support.processes import eventually, run_fleet
from tests.support.sinks import silent_service, webhook

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[str, list[dict[str, Any]], list[socket.socket]]]:
    """The URLs of a service that never answers and of a webhook, the webhook's messages, and the held connections."""
    with silent_service() as (silent, held), webhook() as (hook, posted):
        yield f"{silent} {hook}", posted, held


@pytest.fixture(scope="module")
def hosts(
    tmp_path_factory: pytest.TempPathFactory, services: tuple[str, list[dict[str, Any]], list[socket.socket]]
) -> Iterator[Farm]:
    """A farm with two hosts that both have computed enough to be known, and alerts."""
    settings = {"FLEET_ALERTS__URLS": services[0], "FLEET_ALERTS__GROUP_S": "1"}
    with Farm(tmp_path_factory.mktemp("health") / "farm", Setup(miners=3, hosts=2, settings=settings)) as one:
        one.born()
        eventually(
            "work of both hosts", lambda: [row["computed"] > 30 for row in snapshot(one)["hosts"]] == [True, True]
        )
        yield one
        assert one.drained() == 0, one.life.words()


def snapshot(one: Farm) -> dict[str, Any]:
    file = state(one.folder) / SNAPSHOT_FILE
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"hosts": [], "wrong": []}
    return found


def wrong(one: Farm) -> dict[tuple[str, str], str]:
    return {(row["kind"], row["subject"]): row["text"] for row in snapshot(one)["wrong"]}


def checked(one: Farm) -> int:
    return run_fleet("status", "--check", folder=one.folder, settings=one.settings).returncode


def explained(one: Farm, *words: str) -> list[dict[str, Any]]:
    done = run_fleet("explain", *words, "--json", folder=one.folder, settings=one.settings)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["reasons"]
    return found


def works_again(one: Farm) -> bool:
    """Whether nothing is wrong any more. A worker whose pool was stopped for long ends itself, and is started again."""
    if not one.hosts[1].running:
        one.hosts[1].start()
    return not wrong(one)


DEAF = ("deaf_worker", "host host-1")
GONE = "Host host-1 gives no sign of life and computes no jobs, while other hosts do."
ONLINE = "Host host-1 is online, but computes no jobs, while other hosts do."


def test_a_worker_that_is_stopped_is_deaf_until_it_goes_on(
    hosts: Farm, services: tuple[str, list[dict[str, Any]], list[socket.socket]]
) -> None:
    _, posted, held = services
    worker = hosts.hosts[1].process.pid
    os.kill(worker, signal.SIGSTOP)
    try:
        # at first it may count as online, by the last statement that it made of its processes
        eventually("the condition", lambda: wrong(hosts).get(DEAF) == GONE)
        assert [row["kind"] for row in explained(hosts, "host", "host-1")] == ["deaf_worker"]
        assert "deaf_worker" in [row["kind"] for row in explained(hosts, "farm")]
        assert explained(hosts, "host", "host-0") == []
        assert checked(hosts) == 69
        eventually("a connection to the service that never answers", lambda: held)
        before = snapshot(hosts)["earnings"]["ledger_nnet"]
        eventually("payments meanwhile", lambda: snapshot(hosts)["earnings"]["ledger_nnet"] > before)
        eventually("the message to the other service", lambda: posted)
        (title,) = [one["title"] for one in posted]
        assert title in {f"NeoNet farm: {text.rstrip('.')}" for text in (GONE, ONLINE)}
        assert "Restart the worker on that host" in posted[0]["message"]
    finally:
        os.kill(worker, signal.SIGCONT)
    eventually("its end", lambda: not wrong(hosts))
    eventually("the message of its end", lambda: len(posted) == 2)
    assert posted[1]["message"].startswith("over after ")
    said = (hosts.folder / "coordinator.log").read_text(encoding="utf-8")
    assert "service 1 (json) did not take a message" in said
    assert "a-secret-path" not in said


def test_a_worker_whose_pool_is_stopped_is_online_but_deaf(hosts: Farm) -> None:
    _, *pool = hosts.hosts[1].everything()
    for process in pool:
        process.send_signal(signal.SIGSTOP)
    try:
        eventually("the condition", lambda: wrong(hosts).get(DEAF) == ONLINE)
    finally:
        for process in pool:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
    eventually("its end", lambda: works_again(hosts))
    assert checked(hosts) == 0


def test_a_name_that_the_farm_does_not_know_is_an_error_that_lists_near_ones(hosts: Farm) -> None:
    done = run_fleet("explain", "host", "hots-1", folder=hosts.folder, settings=hosts.settings)
    assert done.returncode == 65
    assert "the farm has no host 'hots-1'; try host-1" in done.stderr
    done = run_fleet("explain", "farm", folder=hosts.folder, settings=hosts.settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert "farm at " in done.stdout
