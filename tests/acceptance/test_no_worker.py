"""A farm whose last worker is gone: it says so, takes no jobs, keeps its sessions, and goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.host.hardware import detect
from tests.chaos.farm import Farm, Setup
from tests.support.farms import asked
from tests.support.processes import eventually

#: 10 s are promised; the machine may be busy
_SAID_S = 15.0


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with Farm(tmp_path / "farm", Setup(miners=3)) as one:
        yield one


def says(farm: Farm, words: str, timeout_s: float = _SAID_S) -> None:
    eventually(words, lambda: words in farm.life.words(), timeout_s)


def test_a_farm_without_a_worker_says_so_takes_no_jobs_and_goes_on_when_one_is_there(farm: Farm) -> None:
    alive = farm.folder / "alive"
    farm.born(settings={"FLEET_ALIVE_FILE": str(alive)})
    farm.accepts(3)
    farm.hosts[0].kill()
    gone_at = time.monotonic()
    says(farm, "[WARN]   no worker takes jobs: no jobs are fetched until one does; sessions are kept")
    said_s = time.monotonic() - gone_at
    eventually("the health file's words", lambda: alive.read_text() == "no worker takes jobs\n", 2 * _SAID_S)
    before = farm.counters()
    time.sleep(6.0)
    after = farm.counters()
    assert after["assigned"]["task"] == before["assigned"]["task"], "no job was asked for"
    assert after["sessions_open"] == 3
    farm.hosts[0].start()
    farm.hosts[0].ready()
    ready_at = time.monotonic()
    farm.accepts(3)
    back_s = time.monotonic() - ready_at
    says(farm, "[OK]     a worker takes jobs")
    eventually("an empty health file", lambda: alive.read_text() == "", _SAID_S)
    assert farm.drained() == 0, farm.life.words()
    print(f"said after {said_s:.1f} s, back after {back_s:.1f} s")


def test_a_farm_that_never_had_a_worker_says_so(farm: Farm) -> None:
    farm.hosts[0].kill()
    with farm.connected() as client:
        client.flushall()
    farm.born()
    says(farm, "[WARN]   no worker takes jobs")
    assert not farm.counters()["assigned"].get("task")
    assert farm.counters()["sessions_open"] == 3
    # no host states its hardware, so miners register that of this machine, not the one core that the coordinator uses
    known = asked(farm.url, "/ai-energy/contributor/rig-01")["contributor"]
    assert known["cpu_cores"] == detect().cpu_cores
