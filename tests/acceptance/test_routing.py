"""A farm of four unlike hosts: each job goes to a host that qualifies, and what none qualifies for by the policy."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.jobtypes import CLASSES, JOB_TYPES, level_of_host
from tests.support.farms import farm_settings, simulator, state
from tests.support.processes import FLEET, Started, environ, eventually, run_fleet, started, stop
from tests.support.redis_server import empty_database
from tests.support.workers import ONE_THREAD, worker

#: host → the cores and the GPU memory in MB that it declares
HOSTS = {"tower": (8, 16_384), "desktop": (4, 2_048), "notebook": (2, 0), "netbook": (1, 0)}
LEVELS = {name: level_of_host(*declared) for name, declared in HOSTS.items()}
#: job types that only the tower qualifies for
BIG = {name for name, one in JOB_TYPES.items() if one.level > LEVELS["desktop"]}
#: the slowest that a change of routes may be, in seconds
SOON_S = 15.0
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def url(redis_url: str) -> str:
    """An empty database."""
    return empty_database(redis_url, 6)


class Farm:
    """A coordinator and four hosts."""

    def __init__(self, folder: Path, redis_url: str, server: str, settings: Mapping[str, str]) -> None:
        self.folder, self._redis_url = folder, redis_url
        own = {"FLEET_SERVER": server, "FLEET_REDIS_URL": redis_url, "FLEET_MINERS": "8"}
        self.settings = farm_settings(folder, own | dict(settings))

    @contextlib.contextmanager
    def host(self, name: str, settings: Mapping[str, str] | None = None) -> Iterator[Started]:
        cores, gpu_mb = HOSTS[name]
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        declared = {"FLEET_WORKER__CPU_CORES": str(cores), "FLEET_WORKER__GPU_MEMORY_MB": str(gpu_mb)}
        own = {"FLEET_WORKER__NAME": name, "FLEET_WORKER__CONCURRENCY": "1"} | ONE_THREAD | declared
        with worker(self._redis_url, folder, settings=own | dict(settings or {})) as process:
            yield process

    @contextlib.contextmanager
    def mining(self, *hosts: str, limits: Mapping[str, str] | None = None) -> Iterator[tuple[Started, Started]]:
        """The coordinator's process and the tower's, with these hosts, the tower among them."""
        with contextlib.ExitStack() as stack:
            processes = {name: stack.enter_context(self.host(name, limits)) for name in hosts}
            coordinator = started([*FLEET, "coordinator"], self.folder, environ(self.folder, self.settings))
            process = stack.enter_context(coordinator)
            process.says("[REWARD]")
            yield process, processes["tower"]

    def paid_miners(self, after: int) -> int:
        """The number of miners that were paid for a job after the payment of this number."""
        query = "SELECT count(DISTINCT miner) FROM entries WHERE job_id IS NOT NULL AND id > ?"
        with contextlib.closing(sqlite3.connect(state(self.folder) / "ledger.sqlite")) as ledger:
            ((count,),) = ledger.execute(query, (after,)).fetchall()
        return int(count)

    def paid(self, after: int = 0) -> list[tuple[int, str, str]]:
        """Number, job type and host of each paid job after that number."""
        query = "SELECT id, job_type, worker FROM entries WHERE job_id IS NOT NULL AND id > ? ORDER BY id"
        with contextlib.closing(sqlite3.connect(state(self.folder) / "ledger.sqlite")) as ledger:
            rows = ledger.execute(query, (after,)).fetchall()
        return [(number, job_type, worker.partition("@")[2]) for number, job_type, worker in rows]

    def last(self) -> int:
        return max((number for number, _, _ in self.paid()), default=0)

    def told(self, *words: str) -> dict[str, Any]:
        done = run_fleet(*words, "--json", folder=self.folder, settings=self.settings)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))


def misplaced(paid: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Jobs of hosts that don't qualify for them."""
    return [one for one in paid if LEVELS[one[2]] < JOB_TYPES[one[1]].level]


def well_placed(farm: Farm) -> bool:
    """Whether the last jobs, some of the tower's class among them, were all computed by hosts that qualify."""
    last = farm.paid(farm.last() - 30)
    return hosts_of_big(last) == {"tower"} and not misplaced(last)


def hosts_of_big(paid: list[tuple[int, str, str]]) -> set[str]:
    return {host for _, job_type, host in paid if job_type in BIG}


def all_types(farm: Farm, after: int) -> bool:
    types, hosts = {one[1] for one in farm.paid(after)}, {one[2] for one in farm.paid()}
    return len(types) >= 8 and hosts == {*HOSTS}


@pytest.mark.parametrize("policy", ["run", "refuse"])
def test_each_job_goes_to_a_host_that_qualifies_or_by_the_policy(tmp_path: Path, url: str, policy: str) -> None:
    with simulator(tmp_path / "simulator") as (_, server):
        farm = Farm(tmp_path, url, server, {"FLEET_DISPATCH__UNSERVED": policy})
        with farm.mining(*HOSTS) as (process, tower):
            eventually("jobs of all types, by all hosts", lambda: all_types(farm, 0))
            # idle hosts help where a queue waits for long, as on a machine with other work
            eventually("each job goes to a host that qualifies", lambda: well_placed(farm))
            tower.end()
            away_s = _seconds(lambda: _without_tower(farm, policy))
            eventually("more jobs", lambda: all_but_big(farm, farm.last() - 5))
            with farm.host("tower"):
                back_at = farm.last()
                back_s = _seconds(lambda: hosts_of_big(farm.paid(back_at)) >= {"tower"})
                routed_at = farm.last()
                eventually("jobs of all types", lambda: all_types(farm, routed_at))
                # another host may still hold jobs of the tower's class that it took before
                eventually("each job goes to a host that qualifies again", lambda: well_placed(farm))
                figures = farm.told("status")
                assert {row["name"] for row in figures["hosts"] if row["idle_while_jobs_waited_s"] is not None} >= {
                    *HOSTS
                }
                stated = {row["worker"]: row["class"] for row in farm.told("workers")["workers"]}
                assert stated == {name: CLASSES[level - 1].name for name, level in LEVELS.items()}
                assert stop(process) == 0, process.words()
        print(f"{policy}: without the tower after {away_s:.1f} s, with it after {back_s:.1f} s")
        assert max(away_s, back_s) < SOON_S


def all_but_big(farm: Farm, after: int) -> bool:
    return {host for *_, host in farm.paid(after)} >= {"desktop", "netbook"}


def _without_tower(farm: Farm, policy: str) -> bool:
    """Whether the big jobs that came after the tower had gone follow the policy."""
    if policy == "run":
        return "desktop" in hosts_of_big(farm.paid())
    wrong = {one["kind"] for one in farm.told("status")["wrong"]}
    lost = {row["cause"]: row["jobs"] for row in farm.told("rewards", "--losses")["by_cause"]}
    return "unserved" in wrong and lost.get("no host qualifies", 0) > 0


def _seconds(true: Any) -> float:
    began = time.monotonic()
    eventually("a change of routes", true, timeout_s=60.0)
    return time.monotonic() - began


def test_a_host_that_stands_still_keeps_no_job_while_another_takes_from_the_same_queue(
    tmp_path: Path, url: str
) -> None:
    """Both hosts are slower than the miners, so that their queue is never empty."""
    settings = {"FLEET_MINERS": "30", "FLEET_DISPATCH__REDISPATCH_S": "3", "FLEET_AUDIT__SHARE": "0"}
    # all miners open at once, and each job is a message
    settings |= {"FLEET_BUDGET__REQUESTS": "1000000", "FLEET_DISPATCH__BUNDLE_MS": "0"}
    with simulator(tmp_path / "simulator", "--mix", "matrix_ops", "--rate-limit", "0") as (_, server):
        farm = Farm(tmp_path, url, server, settings)
        with farm.mining("desktop", "tower", limits={"FLEET_LIMITS__CPU_PERCENT": "10"}) as (process, tower):
            eventually("jobs by both hosts", lambda: {host for *_, host in farm.paid()} == {"desktop", "tower"})
            eventually("a payment to each miner", lambda: farm.paid_miners(0) == 30)
            halted = [one.pid for one in tower.kin()]
            for pid in halted:
                os.kill(pid, signal.SIGSTOP)
            after = farm.last()
            # jobs have a minute
            eventually("another one to each", lambda: farm.paid_miners(after) == 30, timeout_s=40.0)
            for pid in halted:
                os.kill(pid, signal.SIGCONT)
            assert stop(process) == 0, process.words()
