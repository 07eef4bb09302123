"""A farm of three hosts, one of which computes wrongly: it is found out, paused, and what was checked is right."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.farms import farm_settings, simulator, state
from tests.support.processes import FLEET, Started, environ, eventually, run_fleet, started, stop
from tests.support.redis_server import empty_database
from tests.support.workers import ONE_THREAD, WORKER, worker

WRONG = (sys.executable, "-m", "tests.support.wrong_worker")
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def url(redis_url: str) -> str:
    """An empty database."""
    return empty_database(redis_url, 6)


class Hosts:
    """A coordinator with two good hosts and a bad one."""

    def __init__(self, folder: Path, redis_url: str, server: str, kind: str, share: str) -> None:
        self.folder, self.notes = folder, folder / "wrong"
        own = {"FLEET_SERVER": server, "FLEET_REDIS_URL": redis_url, "FLEET_AUDIT__SHARE": share, "FLEET_MINERS": "6"}
        self.settings = farm_settings(folder, own)
        self._redis_url, self._kind = redis_url, kind

    @contextlib.contextmanager
    def mining(self) -> Iterator[Started]:
        with self.good_hosts(), self.coordinator() as process:
            # the bad one is the new one: its first result can be checked
            eventually("both good hosts", lambda: all(self.host(name).get("agreed") for name in ("good-1", "good-2")))
            with self.begun("bad", WRONG):
                yield process

    @contextlib.contextmanager
    def good_hosts(self) -> Iterator[None]:
        with self.begun("good-1", WORKER), self.begun("good-2", WORKER):
            yield

    @contextlib.contextmanager
    def coordinator(self) -> Iterator[Started]:
        with started([*FLEET, "coordinator"], self.folder, environ(self.folder, self.settings)) as process:
            # before that there may be no ledger to tell of
            process.says("[REWARD]")
            yield process

    @contextlib.contextmanager
    def begun(self, name: str, argv: Sequence[str]) -> Iterator[None]:
        (self.folder / name).mkdir()
        bad = {"WRONG_WORKER": self._kind, "WRONG_WORKER_FILE": str(self.notes), "WRONG_WORKER_SHARE": "0.3"}
        settings = {"FLEET_WORKER__NAME": name, "FLEET_WORKER__CONCURRENCY": "1"} | ONE_THREAD | bad
        with worker(self._redis_url, self.folder / name, argv=argv, settings=settings):
            yield

    def told(self, *words: str) -> dict[str, Any]:
        done = run_fleet(*words, "--json", folder=self.folder, settings=self.settings)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def host(self, name: str) -> dict[str, Any]:
        rows = self.told("status")["hosts"] or ()
        return next((row["checks"] or {} for row in rows if row["name"] == name), {})

    def found_wrong(self) -> list[str]:
        """The hosts of which the farm says that their results are wrong."""
        return [one["subject"] for one in self.told("status")["wrong"] if one["kind"] == "wrong_results"]

    @property
    def wrong(self) -> set[str]:
        """Jobs of which the bad host gave a wrong result."""
        return set(self.notes.read_text(encoding="utf-8").split()) if self.notes.exists() else set()

    @property
    def agreed(self) -> dict[str, int]:
        """How many results of each host agreed, by the ledger."""
        with contextlib.closing(sqlite3.connect(state(self.folder) / "ledger.sqlite")) as ledger:
            return dict(ledger.execute("SELECT host, agreed FROM host_records"))

    @property
    def paid(self) -> dict[str, str]:
        """Each paid job, with the worker whose result was submitted."""
        with contextlib.closing(sqlite3.connect(state(self.folder) / "ledger.sqlite")) as ledger:
            return dict(ledger.execute("SELECT job_id, worker FROM entries WHERE job_id IS NOT NULL"))


@pytest.mark.parametrize("kind", ["noise", "others", "flips"])
def test_a_host_that_computes_wrongly_is_paused_and_no_checked_result_of_it_is_submitted(
    tmp_path: Path, url: str, kind: str
) -> None:
    with simulator(tmp_path / "simulator") as (_, server):
        # all are checked, so each wrong one has to be found
        hosts = Hosts(tmp_path, url, server, kind, share="1")
        with hosts.mining() as process:
            process.says("host bad is paused by checked work")
            eventually("what was found of it", lambda: hosts.host("bad").get("wrong", 0) >= 2)
            found = hosts.host("bad")
            assert found["quarantined"] == "2 of its results were wrong"
            eventually("it is said to be wrong", lambda: hosts.found_wrong() == ["host bad"])
            before = process.out.count("[REWARD]")
            eventually("rewards without it", lambda: process.out.count("[REWARD]") > before + 10)
            assert {hosts.host(name).get("wrong") for name in ("good-1", "good-2")} == {0}
            assert stop(process) == 0, process.words()
            wrong_and_paid = {job for job, by in hosts.paid.items() if by == "worker@bad" and job in hosts.wrong}
            assert not wrong_and_paid, f"{len(wrong_and_paid)} of {len(hosts.wrong)}"
            print(f"{kind}: {found}, {len(hosts.wrong)} wrong, {len(wrong_and_paid)} submitted")


def test_a_host_that_states_false_times_is_paused(tmp_path: Path, url: str) -> None:
    with simulator(tmp_path / "simulator") as (_, server):
        hosts = Hosts(tmp_path, url, server, "times", share="0.02")
        with hosts.mining() as process:
            process.says("host bad is paused by checked work")
            eventually("what was found of it", lambda: hosts.host("bad").get("quarantined"))
            assert hosts.host("bad")["quarantined"] == "states longer kernel times than are possible"
            assert stop(process) == 0, process.words()


def test_a_coordinator_that_is_killed_leaves_what_it_found_out_to_the_next_one(tmp_path: Path, url: str) -> None:
    with simulator(tmp_path / "simulator") as (_, server):
        hosts = Hosts(tmp_path, url, server, "none", share="0.02")
        names = ("good-1", "good-2")
        # the first one's end would end all of them, since they work in its folder
        with hosts.good_hosts(), hosts.coordinator() as first:
            eventually("records of both", lambda: all(hosts.agreed.get(name, 0) >= 30 for name in names))
            first.send(signal.SIGKILL)
            first.wait()
            before = hosts.agreed
            with hosts.coordinator() as process:
                eventually("both are known again", lambda: all(hosts.host(name).get("agreed") for name in names))
                # a coordinator that knew nothing of them would show their first results here
                assert all(hosts.host(name)["agreed"] >= before[name] for name in names)
                assert stop(process) == 0, process.words()
