"""A farm by `docker compose up`: it mines, scales, survives, and remembers. The tests build on one another."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from decimal import Decimal

import pytest

from tests.support.compose import Farm, health, inspect, until

pytestmark = pytest.mark.timeout(300)


def page(farm: Farm, path: str, login: str | None = None) -> tuple[int, str]:
    """Status and text of one of Flower's pages."""
    request = urllib.request.Request(f"http://127.0.0.1:{farm.flower_port}{path}")
    if login is not None:
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - http to loopback
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, ""


def login(farm: Farm) -> str:
    return farm.run_in("flower", "cat", "/run/secrets/FLEET_FLOWER__BASIC_AUTH").strip()


def processes_of(container: str) -> list[str]:
    return subprocess.run(["docker", "top", container], capture_output=True, check=True, text=True).stdout.splitlines()[
        1:
    ]


def test_a_clean_clone_mines_by_docker_compose_up_alone(farm: Farm) -> None:
    started = time.monotonic()
    farm.compose("up", "--detach", "--wait")
    until(lambda: farm.jobs_accepted() > 0, 60, "a first job accepted")
    print(f"first reward seen {time.monotonic() - started:.1f} s after docker compose up")
    assert "SIMULATED" in farm.logs("coordinator")


def test_secrets_are_made_at_the_first_start_with_mode_0600_and_differ(mining: Farm) -> None:
    for service, names in {
        "coordinator": ["FLEET_REDIS_URL"],
        "worker": ["FLEET_REDIS_URL"],
        "flower": ["FLEET_FLOWER__BASIC_AUTH", "FLEET_REDIS_URL"],
    }.items():
        listing = mining.run_in(
            service, "stat", "-c", "%a %u %n", "/run/secrets", *(f"/run/secrets/{n}" for n in names)
        )
        assert listing.splitlines() == ["700 10001 /run/secrets", *(f"600 10001 /run/secrets/{n}" for n in names)]
        assert sorted(mining.run_in(service, "ls", "/run/secrets").split()) == names
    urls = {
        mining.run_in(service, "cat", "/run/secrets/FLEET_REDIS_URL") for service in ("coordinator", "worker", "flower")
    }
    assert len(urls) == 3
    assert all(len(url.split(":")[2].split("@")[0]) >= 32 for url in urls)
    users = mining.run_in("redis", "cat", "/run/secrets/users.acl")
    assert "user default off" in users
    assert "nopass" not in users


def test_the_secrets_stay_when_the_farm_is_started_again(mining: Farm) -> None:
    before = mining.run_in("worker", "cat", "/run/secrets/FLEET_REDIS_URL")
    mining.compose("up", "--detach", "--wait", "--force-recreate", "setup", "redis")
    assert mining.run_in("worker", "cat", "/run/secrets/FLEET_REDIS_URL") == before
    mining.goes_on(20)


def test_four_workers_compute_after_scaling_to_four(mining: Farm) -> None:
    mining.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "worker=4")
    names = {f"worker@local-{container[:12]}" for container in mining.containers("worker")}
    assert len(names) == 4
    until(lambda: names <= set(mining.paid_by_worker()), 60, f"jobs computed by each of {names}")


def test_flower_asks_for_the_password_and_shows_all_workers(mining: Farm) -> None:
    assert page(mining, "/workers")[0] == 401
    assert page(mining, "/api/tasks")[0] == 401
    assert page(mining, "/workers", "farmer:guess")[0] == 401
    status, text = page(mining, "/workers", login(mining))
    assert status == 200
    for container in mining.containers("worker"):
        assert f"worker@local-{container[:12]}" in text


def test_flower_reads_the_length_of_the_queue_and_the_pages_of_a_worker(mining: Farm) -> None:
    status, text = page(mining, "/api/queues/length", login(mining))
    assert (status, "neonet.jobs" in text) == (200, True)
    name = f"worker@local-{mining.containers('worker')[0][:12]}"
    until(
        lambda: "neonet.matrix_multiply" in page(mining, f"/worker/{name}", login(mining))[1],
        30,
        "the worker's own page",
    )


def test_it_goes_on_by_itself_after_a_restart_of_redis(mining: Farm) -> None:
    mining.compose("restart", "redis")
    mining.goes_on(20)


def test_it_goes_on_by_itself_after_a_killed_worker(mining: Farm) -> None:
    victim = mining.containers("worker")[0]
    restarts = inspect(victim)["RestartCount"]
    mining.crash(victim)
    mining.goes_on(20)
    until(lambda: inspect(victim)["RestartCount"] > restarts, 30, "the worker is started again")
    until(lambda: health(victim) == "healthy", 60, f"the worker is healthy: {inspect(victim)['State']}")


def test_it_goes_on_by_itself_after_a_killed_coordinator_which_adopts_its_sessions(mining: Farm) -> None:
    sessions = mining.book()["counters"]["sessions_started"]
    mining.crash(mining.containers("coordinator")[0])
    mining.goes_on(20)
    assert mining.book()["counters"]["sessions_started"] == sessions


def test_a_worker_whose_loop_stands_still_turns_unhealthy_within_a_minute(mining: Farm) -> None:
    worker = mining.containers("worker")[-1]
    processes = [int(line.split()[1]) for line in processes_of(worker) if "-m tasks" in line]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        until(lambda: health(worker) == "unhealthy", 60, "the worker is unhealthy")
        assert inspect(worker)["State"]["Running"]
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    until(lambda: health(worker) == "healthy", 60, "the worker is healthy again")


def test_the_ledger_equals_the_book_after_all_that(mining: Farm) -> None:
    ledger, book = mining.settled()
    assert sum(book.values()) > 0
    assert ledger == book


def test_the_history_is_there_after_down_and_up(mining: Farm) -> None:
    text = mining.compose("run", "--rm", "--no-deps", "--no-TTY", "coordinator", "fleet", "rewards", "--csv").stdout
    earned = {line.split(",")[1]: line.split(",")[-1] for line in text.splitlines()[1:]}
    mining.compose("down")
    mining.compose("up", "--detach", "--wait")
    mining.goes_on(20)
    rows = {row["miner"]: row for row in mining.ledger()["rows"]}
    assert set(rows) == set(earned)
    assert all(Decimal(str(rows[miner]["total_nnet"])) >= Decimal(amount) for miner, amount in earned.items())
