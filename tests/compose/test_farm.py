"""A farm by `docker compose up`: it mines, scales, survives, and remembers.

One file: its tests build on one another.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.support.compose import Farm, health, inspect, until

pytestmark = pytest.mark.timeout(300)

_RELEASE = "from tasks.broker.handshake import release; print(release())"


def page(farm: Farm, path: str, login: str | None = None, port: int | None = None) -> tuple[int, str]:
    """Status and text of one of Flower's pages, or of what is published on another port."""
    request = urllib.request.Request(f"http://127.0.0.1:{port or farm.flower_port}{path}")
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


def stop_taking_jobs(farm: Farm, worker: str) -> None:
    """Make a worker deaf: connected, its loop turning, but without an ear for the queue."""
    code = (
        "from config.load import load; from tasks.worker.app import make_app; from tasks.messages import JOBS_QUEUE; "
        "settings = load(); app = make_app(settings, settings.redis_url.get_secret_value()); "
        f"print(app.control.cancel_consumer(JOBS_QUEUE, destination=[{worker!r}], reply=True, limit=1, timeout=10))"
    )
    assert "no longer consuming" in farm.run_in("coordinator", "python", "-c", code)


def image_of(container: str) -> str:
    return str(inspect(container)["Config"]["Image"])


def test_a_clean_clone_mines_by_docker_compose_up_alone(farm: Farm) -> None:
    started = time.monotonic()
    farm.compose("up", "--detach", "--wait")
    until(lambda: farm.jobs_accepted() > 0, 60, "a first job accepted")
    print(f"first reward seen {time.monotonic() - started:.1f} s after docker compose up")
    assert "SIMULATED" in farm.logs("coordinator")


def test_secrets_are_made_at_the_first_start_with_mode_0600_and_differ(mining: Farm) -> None:
    for service, names in {
        "coordinator": [
            "FLEET_REDIS_URL",
            "FLEET_WEB__BASIC_AUTH",
            "FLEET_WEB__METRICS_TOKEN",
            "ca.crt",
            "neonet-keys",
        ],
        "worker": ["FLEET_REDIS_URL", "neonet-worker-key"],
        "flower": ["FLEET_FLOWER__BASIC_AUTH", "FLEET_REDIS_URL"],
    }.items():
        listing = mining.run_in(
            service, "stat", "-c", "%a %u %n", "/run/secrets", *(f"/run/secrets/{n}" for n in names)
        )
        # group 0 may enter the folder, so that the image runs under any user of that group; the files are one user's
        assert listing.splitlines() == ["770 10001 /run/secrets", *(f"600 10001 /run/secrets/{n}" for n in names)]
        assert sorted(mining.run_in(service, "ls", "/run/secrets").split()) == names
    urls = {
        mining.run_in(service, "cat", "/run/secrets/FLEET_REDIS_URL") for service in ("coordinator", "worker", "flower")
    }
    assert len(urls) == 3
    assert all(len(url.split(":")[2].split("@")[0]) >= 32 for url in urls)
    users = mining.run_in("redis", "cat", "/run/secrets/users.acl")
    assert "user default off resetpass " in users
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


def test_the_farms_page_asks_for_a_password_of_its_own_and_shows_the_hosts(mining: Farm) -> None:
    own = mining.run_in("coordinator", "cat", "/run/secrets/FLEET_WEB__BASIC_AUTH").strip()
    assert own != login(mining)
    port = mining.page_port
    assert [page(mining, "/", given, port)[0] for given in (None, login(mining), own)] == [401, 401, 200]
    until(lambda: ">local</a>" in page(mining, "/hosts", own, port)[1], 60, "the host of the workers")


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


# the second build is for a later test; here is time for it, since this one waits
@pytest.mark.usefixtures("second_build")
def test_a_worker_that_stands_still_turns_unhealthy_and_one_that_takes_no_jobs_is_started_again(mining: Farm) -> None:
    deaf, *still = mining.containers("worker")
    restarts = inspect(deaf)["RestartCount"]
    stop_taking_jobs(mining, f"worker@local-{deaf[:12]}")
    processes = [int(line.split()[1]) for worker in still for line in processes_of(worker) if "-m tasks" in line]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        until(lambda: {health(worker) for worker in still} == {"unhealthy"}, 60, "the workers are unhealthy")
        assert all(inspect(worker)["State"]["Running"] for worker in still)
        until(lambda: inspect(deaf)["RestartCount"] > restarts, 60, "the deaf worker ends itself")
        mining.goes_on(20)
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    assert "wait in the queue: this worker ends" in mining.logs("worker")
    until(lambda: {health(worker) for worker in [deaf, *still]} == {"healthy"}, 60, "all workers are healthy again")


def test_a_release_is_put_in_place_workers_first_and_taken_back_coordinator_first(
    mining: Farm, next_release: str
) -> None:
    compose_file = mining.folder / "docker-compose.yml"
    original = compose_file.read_text(encoding="utf-8")
    try:
        compose_file.write_text(original.replace("image: neonet-fleet:0.1.0", f"image: {next_release}"))
        replaced(mining, "worker", next_release)
        replaced(mining, "coordinator", next_release)
        assert mining.run_in("worker", "python", "-c", _RELEASE).strip() == "0.1.1"
    finally:
        compose_file.write_text(original)
    replaced(mining, "coordinator", "neonet-fleet:0.1.0")
    replaced(mining, "worker", "neonet-fleet:0.1.0")


def replaced(farm: Farm, service: str, image: str) -> None:
    """Put one service's new image in place, and see the farm go on beside the other's old one."""
    farm.compose("up", "--detach", "--no-deps", service)
    assert [image_of(container) for container in farm.containers(service)] == [image]
    farm.goes_on(20)


def test_the_ledger_equals_the_book_after_all_that(mining: Farm) -> None:
    ledger, book = mining.drained_sums()
    assert sum(book.values()) > 0
    assert ledger == book
