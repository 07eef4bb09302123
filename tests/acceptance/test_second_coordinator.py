"""Two farms that were given the same Redis by mistake: the second is refused by name, the first keeps its pace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.farm import Farm, Setup
from tests.support.processes import FLEET, Started, environ, started

#: EX_TEMPFAIL
REFUSED = 75


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("first") / "farm", Setup(miners=3)) as one:
        one.born()
        one.accepts(3)
        yield one


@contextmanager
def second(farm: Farm, folder: Path, command: str = "coordinator") -> Iterator[Started]:
    settings = {**farm.settings, "FLEET_STATE_DIR": str(folder / "state"), "FLEET_MINER_PREFIX": "other-"}
    with started([*FLEET, command], folder, environ(folder, settings)) as process:
        yield process


@pytest.mark.parametrize("command", ["coordinator", "up"])
def test_a_second_coordinator_is_refused_by_name_before_it_opens_a_session(
    farm: Farm, tmp_path: Path, command: str
) -> None:
    sessions = farm.counters()["sessions_open"]
    with second(farm, tmp_path, command) as process:
        assert process.wait() == REFUSED
        said = process.out + process.err
    assert "fleet: this Redis is used by coordinator " in said
    assert str(farm.folder / "state") in said
    assert farm.counters()["sessions_open"] == sessions
    farm.accepts(3)
    assert farm.lives


def test_a_coordinator_that_was_killed_is_back_at_once(farm: Farm) -> None:
    for _ in range(2):
        farm.life.kill()
        born_at = time.monotonic()
        farm.born()
        farm.accepts(1)
        assert time.monotonic() - born_at < 9.0, "it waited for the end of a lease"


def test_after_a_drain_another_farm_may_use_the_redis_at_once(farm: Farm, tmp_path: Path) -> None:
    assert farm.drained() == 0, farm.life.words()
    before = farm.counters()["accepted"]
    with second(farm, tmp_path) as process:
        process.says("× reward")
    assert farm.counters()["accepted"] > before
