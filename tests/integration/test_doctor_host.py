"""A worker host that was really invited, with faults planted one by one, as `fleet doctor --host` finds them.

One file: its tests plant their faults in the same host, which has joined the same farm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from fleet.doctor.diagnosis import Grade
from fleet.doctor.redis_health import redis_diagnoses
from fleet.hosts.redis_acl import Role
from tasks.broker.handshake import announce, release
from tasks.broker.redis_client import redis_client
from tasks.broker.statement import own_statement
from tasks.messages import SLOTS_KEY, STATEMENTS_KEY
from tests.support.diagnoses import doctor
from tests.support.processes import ROOT, environ, run_fleet
from tests.support.tls_redis import TlsRedis, tls_redis

_OWN = own_statement(release(), Settings())
#: findings that depend on the machine that runs the tests
_OF_THE_MACHINE = {"disk writes", "disk space", "file system", "worker memory", "control group"}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsRedis]:
    """A farm whose coordinator has stated its release, and which has invited `garage`."""
    with tls_redis(tmp_path_factory.mktemp("farm"), "garage") as made:
        assert announce(made.url(Role.COORDINATOR), _OWN) is None
        yield made


@pytest.fixture(scope="module")
def host(farm: TlsRedis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a host that has joined the farm."""
    folder = tmp_path_factory.mktemp("host")
    settings = {"FLEET_STATE_DIR": str(folder / "state"), "NEONET_INVITATION": farm.offer("garage")}
    done = run_fleet("join", "--check", folder=folder, settings=settings)
    assert done.returncode == 0, done.stderr
    return folder


def examined(folder: Path, **settings: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the worst line of each subject."""
    done, checks = doctor(folder, {"FLEET_STATE_DIR": str(folder / "state")} | settings, "--host")
    return done.returncode, checks


def test_nothing_is_wrong_with_a_sound_host_and_every_check_is_made(host: Path) -> None:
    code, checks = examined(host)
    faults = [one for one in checks.values() if one["grade"] in ("warn", "fail")]
    assert not [one for one in faults if one["subject"] not in _OF_THE_MACHINE], faults
    assert code == 0
    for subject in (
        "redis",
        "redis certificate",
        "redis authority",
        "redis clock",
        "wire version",
        "time limits",
        "worker open files",
        "worker memory",
        "process limit",
        "control group",
        "processor",
        "disk writes",
        "disk space",
        "unit",
        "secrets",
    ):
        assert checks[subject]["grade"] != "not_checked", checks[subject]
    assert "as role worker" in checks["redis"]["found"]


def test_the_password_of_the_host_is_not_shown(host: Path, farm: TlsRedis) -> None:
    done, _ = doctor(host, {"FLEET_STATE_DIR": str(host / "state")}, "--host")
    assert farm.secrets.hosts()["garage"] not in done.stdout + done.stderr


def test_a_host_that_has_not_joined_is_told_how_to(tmp_path: Path) -> None:
    code, checks = examined(tmp_path)
    assert code == 69
    assert checks["redis"]["grade"] == "fail"
    assert "fleet join -" in checks["redis"]["advice"]


def test_a_host_that_was_dismissed_is_told(host: Path, farm: TlsRedis, tmp_path: Path) -> None:
    joined = tmp_path / "state" / "join"
    shutil.copytree(host / "state" / "join", joined)
    url = joined / "FLEET_REDIS_URL"
    url.write_text(url.read_text().replace(farm.secrets.hosts()["garage"], "an-old-password"))
    code, checks = examined(tmp_path)
    assert code == 69
    assert "revoked" in checks["redis"]["advice"]
    assert "an-old-password" not in str(checks)


def test_an_authority_of_another_farm_is_found(host: Path, tmp_path: Path) -> None:
    shutil.copytree(host / "state" / "join", tmp_path / "state" / "join")
    url = tmp_path / "state" / "join" / "FLEET_REDIS_URL"
    with tls_redis(tmp_path / "other") as another:
        url.write_text(url.read_text().replace(str(host / "state" / "join"), str(another.root / "redis")))
        code, checks = examined(tmp_path)
    assert code == 69
    assert "certificate that is not accepted" in checks["redis"]["found"]


@pytest.mark.parametrize(
    ("settings", "grade"),
    [
        ({"FLEET_WORKER__TIME_LIMIT_S": "35"}, "warn"),
        ({"FLEET_VISIBILITY_TIMEOUT_S": "100"}, "warn"),
        (
            {
                "FLEET_VISIBILITY_TIMEOUT_S": "20",
                "FLEET_WORKER__TIME_LIMIT_S": "5",
                "FLEET_WORKER__SOFT_TIME_LIMIT_S": "4",
            },
            "fail",
        ),
    ],
)
def test_time_limits_other_than_the_coordinator_s_are_found(host: Path, settings: dict[str, str], grade: str) -> None:
    _, checks = examined(host, **settings)
    assert checks["time limits"]["grade"] == grade
    assert "on all hosts" in checks["time limits"]["advice"]


def test_a_heartbeat_file_that_can_not_be_written_is_found(host: Path) -> None:
    code, checks = examined(host, FLEET_WORKER__HEARTBEAT_FILE=str(host / "gone" / "alive"))
    assert code == 69
    assert "FLEET_WORKER__HEARTBEAT_FILE" in checks["heartbeat file"]["advice"]


def test_too_few_open_files_for_the_pool_are_found(host: Path) -> None:
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("no prlimit")
    argv = [prlimit, "--nofile=80:80", *_FLEET, "doctor", "--host", "--json"]
    settings = {"FLEET_STATE_DIR": str(host / "state"), "FLEET_WORKER__CONCURRENCY": "8"}
    done = subprocess.run(argv, cwd=host, env=environ(host, settings), capture_output=True, text=True, check=False)
    assert '"worker open files", "grade": "fail"' in done.stdout, done.stdout + done.stderr


_FLEET = (str(ROOT / ".venv" / "bin" / "fleet"),) if (ROOT / ".venv" / "bin" / "fleet").exists() else ("fleet",)


def test_secrets_that_everybody_can_read_are_found_and_fixed(host: Path) -> None:
    opened = Path(f"/tmp/neonet-doctor-host-{os.getpid()}")
    try:
        shutil.copytree(host / "state", opened / "state")
        joined = opened / "state" / "join"
        for path in (opened, opened / "state", joined):
            path.chmod(0o755)
        (joined / "FLEET_REDIS_URL").chmod(0o644)
        code, checks = examined(opened)
        assert code == 69
        assert checks["secrets"]["grade"] == checks["state folder"]["grade"] == "fail"
        doctor(opened, {"FLEET_STATE_DIR": str(opened / "state")}, "--host", "--fix")
        _, checks = examined(opened)
        assert checks["secrets"]["grade"] == checks["state folder"]["grade"] == "ok", checks
    finally:
        shutil.rmtree(opened)


def test_a_server_is_not_asked_of_a_host(tmp_path: Path) -> None:
    done = run_fleet("doctor", "--host", "--server", "https://neonet.example.com", folder=tmp_path)
    assert done.returncode == 64


def test_the_coordinator_sees_the_versions_of_its_workers(farm: TlsRedis) -> None:
    with redis_client(farm.url(Role.WORKER)) as worker:
        for name, stated in (("attic", _OWN), ("shed", replace(_OWN, release="0.0.9", wire=1))):
            worker.hset(SLOTS_KEY, name, "1 0 1")
            worker.hset(STATEMENTS_KEY, name, stated.encode())
        worker.hset(SLOTS_KEY, "cellar", "1 0 1")
        worker.hset(STATEMENTS_KEY, "ended", _OWN.encode())
    found = [one for one in redis_diagnoses(farm.url(Role.COORDINATOR), _OWN) if one.subject == "worker versions"]
    assert [one.grade for one in found] == [Grade.FAIL, Grade.OK, Grade.WARN]
    assert "release 0.0.9, wire version 1: shed" in found[0].found
    assert found[1].found.endswith(": attic")
    assert found[2].found.endswith(": cellar")
