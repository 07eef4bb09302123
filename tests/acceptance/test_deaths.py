"""Any part of a farm may be killed at any time: it goes on, the money is right, and nothing is left running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.support.farms import asked, book, earned, farm, farm_settings, figures, simulator
from tests.support.processes import FLEET, Started, environ, eventually, nothing_left, run_fleet, started, stop

#: what names each part in its command line
PARTS = {
    "redis": "redis-server",
    "simulator": "fleet simulator",
    "worker": "-m tasks",
    "flower": "tasks flower",
    "coordinator": "fleet coordinator",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """One farm with every part of its own, Flower included."""
    folder = tmp_path_factory.mktemp("whole")
    settings = {"FLEET_FLOWER__ENABLED": "true", "FLEET_DISPATCH__REDISPATCH_S": "3"}
    with farm(folder, "--miners", "2", "--latency", "100", "--json", settings=settings) as process:
        process.says("[REWARD]")
        process.says("Flower:")
        yield process


def rewards(process: Started) -> int:
    """How many rewards it has shown."""
    return process.err.count("[REWARD]")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_is_started_again_and_the_farm_earns_on(whole: Started, part: str) -> None:
    victim = whole.child(PARTS[part])
    kin = [victim, *victim.children(recursive=True)]
    os.kill(victim.pid, signal.SIGKILL)
    whole.says("starting it again", times=list(PARTS).index(part) + 1)
    assert f"{part} ended with -9" in whole.err
    before = rewards(whole)
    eventually(f"rewards after the death of {part}", lambda: rewards(whole) > before + 3)
    eventually(f"the end of what {part} had started", lambda: not any(one.is_running() for one in kin))


def test_a_farm_whose_parts_all_died_still_drains_and_leaves_nothing(whole: Started) -> None:
    """The last of this file's tests on that farm: it ends here."""
    assert stop(whole) == 0, whole.words()
    nothing_left(whole)
    jobs = figures(whole)["jobs"]
    assert jobs["open"] == 0
    assert jobs["assigned"] == sum(count for name, count in jobs.items() if name != "assigned")


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    settings = {"FLEET_FLOWER__ENABLED": "true"}
    with farm(tmp_path, "--miners", "1", settings=settings) as process:
        process.says("[REWARD]")
        process.says("Flower:")
        assert len(process.kin()) >= 6
        process.send(signal.SIGKILL)
        process.wait()
        nothing_left(process, 20)


def test_nothing_is_left_by_a_farm_that_is_stopped_while_it_starts(tmp_path: Path) -> None:
    for number, pause_s in enumerate((0.5, 1.5, 2.5)):
        with farm(tmp_path / str(number), "--miners", "1") as process:
            time.sleep(pause_s)
            process.send(signal.SIGTERM)
            # it may have died of the signal before it was up and could choose its exit code
            assert process.wait() in {0, 128 + signal.SIGTERM, -signal.SIGTERM}, process.words()
            nothing_left(process, 20)
            assert "Traceback" not in process.out + process.err


def test_a_coordinator_killed_in_mid_run_adopts_its_sessions_and_misses_no_payment(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        options = ("--server", url, "--miners", "3", "--for", "14s", "--json")
        with farm(tmp_path / "farm", *options) as process:
            for deaths in (1, 2):
                process.says("[REWARD]", times=20 * deaths)
                os.kill(process.child("fleet coordinator").pid, signal.SIGKILL)
                process.says("the coordinator ended with -9", times=deaths)
            process.says("adopted", times=3 + 2)
            assert process.wait() == 0, process.words()
            summary = figures(process)
        assert summary["jobs"]["open"] == summary["jobs"]["rejected"] == summary["jobs"]["quarantined"] == 0
        assert summary["rewards"]["difference_nnet"] == 0
        assert earned(tmp_path / "farm", url) == book(url)
        sessions = asked(url, "/simulator/sessions")["sessions"]
        assert len(sessions) == 3
        assert {session["status"] for session in sessions} == {"stopped"}


def test_a_redis_emptied_under_load_costs_time_and_no_money(redis_url: str, tmp_path: Path) -> None:
    shared = redis_url.removesuffix("/0") + "/3"
    settings = {"FLEET_REDIS_URL": shared, "FLEET_DISPATCH__REDISPATCH_S": "3"}
    with simulator(tmp_path / "simulator") as (_, url):
        options = ("--server", url, "--miners", "3", "--for", "8s", "--json")
        with farm(tmp_path / "farm", *options, settings=settings) as process:
            with redis.Redis.from_url(shared) as client:
                for times in (10, 30):
                    process.says("[REWARD]", times=times)
                    client.flushdb()
            assert process.wait() == 0, process.words()
            summary = figures(process)
        assert summary["jobs"]["open"] == summary["jobs"]["rejected"] == summary["jobs"]["quarantined"] == 0
        assert summary["rewards"]["difference_nnet"] == 0
        assert earned(tmp_path / "farm", url) == book(url)


def test_a_second_coordinator_on_the_same_ledger_is_refused_and_told_who_holds_it(
    redis_url: str, tmp_path: Path
) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        shared = redis_url.removesuffix("/0") + "/4"
        settings = {"FLEET_SERVER": url, "FLEET_REDIS_URL": shared, "FLEET_DRAIN_S": "1"}
        env = environ(tmp_path, farm_settings(tmp_path, settings))
        with started([*FLEET, "coordinator"], tmp_path, env) as first:
            first.says("Server:")
            second = run_fleet("coordinator", folder=tmp_path, settings=farm_settings(tmp_path, settings))
            assert second.returncode == 75
            assert f"is held by coordinator {first.pid} on {socket.gethostname()}" in second.stderr
            assert "FLEET_STATE_DIR" in second.stderr
            assert first.running
            os.kill(first.pid, signal.SIGKILL)
        done = run_fleet("coordinator", "--for", "1s", folder=tmp_path, settings=farm_settings(tmp_path, settings))
        assert done.returncode == 0, done.stderr


def test_a_terminal_that_goes_away_ends_the_farm(tmp_path: Path) -> None:
    with farm(tmp_path, "--miners", "1") as process:
        process.says("[REWARD]")
        assert stop(process, signal.SIGHUP) == 0
        nothing_left(process)


def test_a_reader_that_goes_away_does_not_stop_the_mining(tmp_path: Path) -> None:
    env = environ(tmp_path, farm_settings(tmp_path))
    reader = subprocess.Popen(["head", "-n", "3"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert reader.stdin is not None
    process = subprocess.run(
        [*FLEET, "up", "--miners", "1", "--for", "3s"],
        cwd=tmp_path,
        env=env,
        stdout=reader.stdin,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    reader.stdin.close()
    reader.wait()
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert sum(earned(tmp_path, None).values()) > 0
