"""A Redis URL that a farm can't use: the command ends in one line, before any session is opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.local.redis_server import free_port
from tests.support.farms import asked, farm, simulator, state
from tests.support.processes import run_fleet, stop
from tests.support.redis_server import Mortal, binary

SECRET = "tr0ub4dor"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulator that nobody may call."""
    with simulator(tmp_path_factory.mktemp("simulator")) as (_, url):
        yield url


@pytest.mark.parametrize("command", ["coordinator", "worker", "up"])
@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        (f"rediss://:{SECRET}@127.0.0.1:PORT/0?foo=bar", 78, "has an option that is not one of"),
        (f"redis://:{SECRET}@127.0.0.1:PORT/abc", 78, "database by a number"),
        (f"redis://u:12/{SECRET}@127.0.0.1:PORT/0", 78, "%2F"),
        (f"rediss://:{SECRET}@127.0.0.1:PORT/0?ssl_ca_certs=/nowhere/ca.crt", 78, "/nowhere/ca.crt"),
        (f"redis://:{SECRET}@127.0.0.1:PORT/0", 69, "can't reach Redis at 127.0.0.1:PORT: Connection refused"),
    ],
)
def test_a_redis_that_can_not_be_used_is_refused_before_a_session_is_opened(
    command: str, url: str, code: int, said: str, server: str, tmp_path: Path
) -> None:
    port = str(free_port())
    settings = {
        "FLEET_SERVER": server,
        "FLEET_REDIS_URL": url.replace("PORT", port),
        "FLEET_STATE_DIR": str(state(tmp_path)),
        "FLEET_FLOWER__ENABLED": "false",
    }
    done = run_fleet(command, folder=tmp_path, settings=settings)
    assert asked(server, "/simulator/requests")["requests_total"] == 0
    assert done.returncode == code, done.stderr
    assert said.replace("PORT", port) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.stdout + done.stderr


def test_a_password_with_a_semicolon_is_one_password_to_every_part(tmp_path: Path) -> None:
    port = free_port()
    done = run_fleet("worker", folder=tmp_path, settings={"FLEET_REDIS_URL": f"REDIS://:a;{SECRET}@127.0.0.1:{port}/0"})
    assert done.returncode == 69
    assert f"can't reach Redis at 127.0.0.1:{port}" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_farm_that_has_mined_outlives_a_coordinator_that_dies_while_redis_is_away(tmp_path: Path) -> None:
    mortal = Mortal(binary(), tmp_path)
    with mortal as url, farm(tmp_path / "farm", "--miners", "1", settings={"FLEET_REDIS_URL": url}) as process:
        process.says("[REWARD]")
        mortal.kill()
        process.child("coordinator").kill()
        process.says("the coordinator ended with 69; starting it again")
        paid = process.out.count("[REWARD]")
        mortal.start()
        process.says("[REWARD]", times=paid + 1)
        assert stop(process) == 0
