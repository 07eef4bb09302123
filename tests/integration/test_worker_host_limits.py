"""A real worker that pauses by its host's own limits, with planted sensors and a planted clock."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.broker.redis_client import redis_client
from tasks.messages import JOBS_QUEUE, WORKERS_KEY
from tests.support.processes import Started, eventually
from tests.support.workers import ONE_THREAD, job, results, send, worker

DATA: dict[str, list[object]] = {"transactions": []}


@contextmanager
def limited(redis_url: str, folder: Path, clock: str, settings: dict[str, str]) -> Iterator[Started]:
    plant(folder, "clock", clock)
    argv = (sys.executable, "-m", "tests.support.limited_worker", str(folder))
    with worker(redis_url, folder, argv=argv, settings=settings | ONE_THREAD) as process:
        yield process


def plant(folder: Path, name: str, text: str) -> None:
    """Write a file that is never seen half."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(text)
    beside.replace(file)


def waits(redis_url: str, number: int) -> None:
    with redis_client(redis_url) as client:
        eventually(f"{number} waiting jobs", lambda: client.llen(JOBS_QUEUE) == number)
        eventually("no sign that a worker takes jobs", lambda: not client.exists(WORKERS_KEY))


def computed(redis_url: str, job_id: str) -> None:
    eventually(f"the result of {job_id}", lambda: job_id in {one.job_id for one in results(redis_url, 1)})


def test_a_host_computes_in_its_hours_alone_and_its_watchdog_lets_jobs_wait(
    empty_redis_url: str, tmp_path: Path
) -> None:
    settings = {"FLEET_LIMITS__HOURS": "22:00-06:00, 12:00-13:00"}
    with limited(empty_redis_url, tmp_path, "11:59:58", settings) as process:
        process.says("this host pauses: outside limits.hours")
        send(empty_redis_url, job("a", DATA))
        waits(empty_redis_url, 1)
        plant(tmp_path, "clock", "12:00:00")
        computed(empty_redis_url, "a")
        process.says("this host goes on computing")
        with redis_client(empty_redis_url) as client:
            eventually("a sign that a worker takes jobs", lambda: client.exists(WORKERS_KEY))
        plant(tmp_path, "clock", "13:00:00")
        waits(empty_redis_url, 0)
        send(empty_redis_url, job("b", DATA))
        waits(empty_redis_url, 1)
        plant(tmp_path, "clock", "23:00:00")
        computed(empty_redis_url, "b")


def test_a_host_on_its_battery_or_too_hot_pauses_and_goes_on(empty_redis_url: str, tmp_path: Path) -> None:
    power, zone = "sys/class/power_supply", "sys/class/thermal/thermal_zone0/temp"
    plant(tmp_path, f"{power}/BAT0/type", "Battery\n")
    plant(tmp_path, f"{power}/BAT0/status", "Discharging\n")
    plant(tmp_path, zone, "91000\n")
    settings = {"FLEET_LIMITS__ON_BATTERY": "false", "FLEET_LIMITS__HOT_C": "90", "FLEET_LIMITS__AFTER_S": "0"}
    with limited(empty_redis_url, tmp_path, "12:00:00", settings) as process:
        process.says("this host pauses: it runs on its battery and it is hot: 91 °C, limits.hot_c is 90")
        send(empty_redis_url, job("c", DATA))
        waits(empty_redis_url, 1)
        plant(tmp_path, f"{power}/BAT0/status", "Charging\n")
        plant(tmp_path, zone, "84000\n")
        computed(empty_redis_url, "c")


def test_a_host_pauses_while_somebody_types_and_says_what_it_can_not_see(empty_redis_url: str, tmp_path: Path) -> None:
    plant(tmp_path, "dev/pts/3", "")
    settings = {"FLEET_LIMITS__IDLE_S": "600"}
    with limited(empty_redis_url, tmp_path, "12:00:00", settings) as process:
        process.says("limits.idle_s: without logind, only terminals and old keyboards and mice are seen")
        process.says("this host pauses: somebody has used it in the last 600 s")
        send(empty_redis_url, job("d", DATA))
        waits(empty_redis_url, 1)
        earlier = time.time() - 601
        os.utime(tmp_path / "dev/pts/3", (earlier, earlier))
        computed(empty_redis_url, "d")
