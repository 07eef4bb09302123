"""A worker that is deaf is named while the others go on, with its host, and no longer once it works again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from fleet.status.snapshot_file import SNAPSHOT_FILE
from tests.chaos.farm import Farm, Setup
from tests.support.farms import state
from tests.support.processes import eventually, run_fleet

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm with two hosts that both have computed enough to be known."""
    with Farm(tmp_path_factory.mktemp("health") / "farm", Setup(miners=3, hosts=2)) as one:
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


DEAF = ("deaf_worker", "host host-1")


def test_a_worker_that_is_stopped_is_deaf_until_it_goes_on(hosts: Farm) -> None:
    worker = hosts.hosts[1].process.pid
    os.kill(worker, signal.SIGSTOP)
    try:
        eventually("the condition", lambda: DEAF in wrong(hosts))
        assert wrong(hosts)[DEAF] == "Host host-1 gives no sign of life and computes no jobs, while other hosts do."
    finally:
        os.kill(worker, signal.SIGCONT)
    eventually("its end", lambda: not wrong(hosts))


def test_a_worker_whose_pool_is_stopped_is_online_but_deaf(hosts: Farm) -> None:
    _, *pool = hosts.hosts[1].everything()
    for process in pool:
        process.send_signal(signal.SIGSTOP)
    try:
        eventually("the condition", lambda: DEAF in wrong(hosts))
        assert wrong(hosts)[DEAF] == "Host host-1 is online, but computes no jobs, while other hosts do."
        assert [row["kind"] for row in explained(hosts, "host", "host-1")] == ["deaf_worker"]
        assert "deaf_worker" in [row["kind"] for row in explained(hosts, "farm")]
        assert explained(hosts, "host", "host-0") == []
        assert checked(hosts) == 69
    finally:
        for process in pool:
            process.send_signal(signal.SIGCONT)
    eventually("its end", lambda: not wrong(hosts))
    assert checked(hosts) == 0


def test_a_name_that_the_farm_does_not_know_is_an_error_that_lists_near_ones(hosts: Farm) -> None:
    done = run_fleet("explain", "host", "hots-1", folder=hosts.folder, settings=hosts.settings)
    assert done.returncode == 65
    assert "the farm has no host 'hots-1'; try host-1" in done.stderr
    done = run_fleet("explain", "farm", folder=hosts.folder, settings=hosts.settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert "farm at " in done.stdout
