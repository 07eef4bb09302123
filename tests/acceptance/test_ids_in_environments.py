"""Miners named in the environment or on the command line: only the coordinator's processes get to know their ids."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from tests.support.farms import farm, farm_settings
from tests.support.processes import FLEET, Started, environ, eventually, started, stop
from tests.support.redis_server import binary, running

WALLET = "neo1" + "5f0c3b9a7e" * 4
SECRET = "postgresql+psycopg://fleet:a-long-password@127.0.0.1:9/fleet"

#: way to name a miner → options of `fleet up`, settings
WAYS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "--id": (("--id", WALLET), {}),
    "FLEET_ID": ((), {"FLEET_ID": WALLET}),
    "fleet_id": ((), {"fleet_id": WALLET}),
    "FLEET_MINER": ((), {"FLEET_MINER": json.dumps([{"id": WALLET}])}),
    "FLEET_MINER_PREFIX": ((), {"FLEET_MINER_PREFIX": WALLET[:40], "FLEET_MINERS": "2"}),
}


def stated(process: psutil.Process) -> tuple[str, str]:
    """The command line and the environment of a process, as /proc shows them; empty once it has ended."""
    folder = Path("/proc") / str(process.pid)
    try:
        command, variables = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    return command.replace(b"\0", b" ").decode(), variables.decode()


def knowing(process: Started, secret: str) -> set[str]:
    """The commands of all its processes that were told a secret."""
    pairs = map(stated, process.kin())
    return {command for command, variables in pairs if secret in command + variables}


@pytest.mark.parametrize("way", WAYS)
def test_only_the_coordinator_is_told_an_id(tmp_path: Path, way: str) -> None:
    options, settings = WAYS[way]
    with farm(tmp_path, *options, settings={"FLEET_FLOWER__ENABLED": "true"} | settings) as process:
        process.says("[REWARD]")
        parts = ("-m tasks", "-m tasks flower", "fleet simulator", "fleet coordinator", "redis-server")
        for part in parts:
            assert process.child(part).is_running()
        who = knowing(process, WALLET[:40])
        assert any("fleet coordinator" in one for one in who)
        assert [one for one in who if not ("fleet coordinator" in one or "fleet up" in one)] == []
        assert stop(process) == 0, process.words()


def test_a_worker_started_by_itself_forgets_what_its_environment_has_of_the_coordinators(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    with running(binary(), tmp_path / "redis") as url:
        settings = {"FLEET_ID": WALLET, "FLEET_LEDGER_URL": SECRET, "FLEET_REDIS_URL": url}
        home = tmp_path / "home"
        home.mkdir()
        with started([*FLEET, "worker"], home, environ(home, farm_settings(home, settings))) as process:
            eventually("a worker", lambda: "-m tasks" in " ".join(psutil.Process(process.pid).cmdline()))
            process.says("ready")
            assert knowing(process, WALLET) == knowing(process, "a-long-password") == set()
            assert url in stated(psutil.Process(process.pid))[1]
