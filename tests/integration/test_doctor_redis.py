"""Faults of a real Redis, planted one by one, as `fleet doctor` finds them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from fleet.doctor.diagnosis import Grade
from fleet.doctor.redis_health import redis_diagnoses
from fleet.hosts.redis_acl import Role, users_file
from fleet.local.redis_server import free_port
from tasks.messages import WORKERS_KEY
from tasks.wire_versions import WIRE_VERSION
from tests.support.diagnoses import about
from tests.support.old_redis import redis_of_version
from tests.support.processes import eventually
from tests.support.redis_server import binary
from tests.support.tls_front import tls_front

_PASSWORDS = {role: f"secret-of-{role.value}" for role in Role}


@pytest.fixture
def client(empty_redis_url: str) -> Iterator[redis.Redis]:
    """A client of the session's Redis, whose settings are put back after the test."""
    with redis.Redis.from_url(empty_redis_url) as made:
        kept = made.config_get("maxmemory*")
        yield made
        for name in ("maxmemory", "maxmemory-policy"):
            made.config_set(name, kept[name])
        made.config_set("min-replicas-to-write", 0)


def test_a_sound_redis_with_a_worker_has_no_fault(empty_redis_url: str, client: redis.Redis) -> None:
    client.set(WORKERS_KEY, "garage")
    found = list(redis_diagnoses(empty_redis_url))
    assert {one.grade for one in found} == {Grade.OK}, found
    assert "garage" in about("workers", found).found
    assert client.keys("*") == [WORKERS_KEY.encode()], "the check wrote something"


def test_a_redis_that_is_down_is_named() -> None:
    port = free_port()
    found = about("redis", redis_diagnoses(f"redis://:a-long-password@127.0.0.1:{port}/0"))
    assert found.grade is Grade.FAIL
    assert f"127.0.0.1:{port}" in found.found
    assert "start Redis" in found.advice
    assert "a-long-password" not in found.found + found.advice


def test_a_wrong_password_is_found_and_not_shown(empty_redis_url: str) -> None:
    parts = urlsplit(empty_redis_url)
    found = about("redis", redis_diagnoses(f"redis://:a-wrong-password@{parts.hostname}:{parts.port}/0"))
    assert found.grade is Grade.FAIL
    assert "holds no password, a wrong user or password, or a revoked one" in found.advice
    assert "a-wrong-password" not in found.found + found.advice


def test_a_database_that_is_not_there_is_found(empty_redis_url: str) -> None:
    found = about("redis", redis_diagnoses(empty_redis_url.removesuffix("/0") + "/99"))
    assert found.grade is Grade.FAIL
    assert "no database 99" in found.found
    assert "FLEET_REDIS_URL" in found.advice


@pytest.mark.parametrize("version", ["6.2.14", None])
def test_an_old_redis_is_found(version: str | None) -> None:
    with redis_of_version(version) as url:
        found = about("redis", redis_diagnoses(url))
    assert found.grade is Grade.FAIL
    assert "too old" in found.found
    assert "install one" in found.advice


@pytest.mark.parametrize(
    ("policy", "grade"), [("allkeys-lru", Grade.FAIL), ("volatile-ttl", Grade.WARN), ("noeviction", Grade.OK)]
)
def test_a_policy_that_evicts_jobs_is_found(
    empty_redis_url: str, client: redis.Redis, policy: str, grade: Grade
) -> None:
    client.config_set("maxmemory-policy", policy)
    found = about("redis eviction", redis_diagnoses(empty_redis_url))
    assert found.grade is grade
    assert grade is Grade.OK or "noeviction" in found.advice


def test_a_full_redis_takes_no_writes(empty_redis_url: str, client: redis.Redis) -> None:
    client.config_set("maxmemory", 1_000_000)
    found = list(redis_diagnoses(empty_redis_url))
    assert about("redis memory", found).grade is Grade.FAIL
    assert about("redis writes", found).grade is Grade.FAIL
    assert "maxmemory" in about("redis writes", found).advice


def test_a_redis_without_a_limit_of_memory_is_a_warning(empty_redis_url: str, client: redis.Redis) -> None:
    client.config_set("maxmemory", 0)
    found = about("redis memory", redis_diagnoses(empty_redis_url))
    assert found.grade is Grade.WARN
    assert "maxmemory" in found.advice


def test_a_redis_that_waits_for_replicas_takes_no_writes(empty_redis_url: str, client: redis.Redis) -> None:
    client.config_set("min-replicas-to-write", 1)
    found = about("redis writes", redis_diagnoses(empty_redis_url))
    assert found.grade is Grade.FAIL
    assert "min-replicas-to-write" in found.advice


def test_a_farm_without_a_worker_is_a_warning(empty_redis_url: str) -> None:
    found = about("workers", redis_diagnoses(empty_redis_url))
    assert found.grade is Grade.WARN
    assert "fleet worker" in found.advice


def test_jobs_for_another_wire_version_are_a_warning(empty_redis_url: str, client: redis.Redis) -> None:
    client.lpush(f"neonet.jobs.{WIRE_VERSION - 1}", "a message")
    found = about("queue", redis_diagnoses(empty_redis_url))
    assert found.grade is Grade.WARN
    assert f"wire version {WIRE_VERSION - 1}" in found.found


def test_a_coordinator_of_another_wire_version_is_found(empty_redis_url: str, client: redis.Redis) -> None:
    client.set("neonet.release", '{"release": "9.9.9", "wire": 9}')
    found = about("redis", redis_diagnoses(empty_redis_url))
    assert found.grade is Grade.FAIL
    assert "9.9.9" in found.found
    assert "install release 9.9.9 on this host" in found.advice


def test_a_certificate_of_nobody_known_is_found(tmp_path: Path, empty_redis_url: str) -> None:
    with tls_front(tmp_path, redis_url=empty_redis_url) as front:
        unknown = about("redis", redis_diagnoses(front.url()))
        known = list(redis_diagnoses(front.url(f"?ssl_ca_certs={front.authority}")))
    assert unknown.grade is Grade.FAIL
    assert "ssl_ca_certs" in unknown.advice
    assert (
        "824 more days" in about("redis certificate", known).found or "825" in about("redis certificate", known).found
    )


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Redis that knows the farm's roles, and a coordinator with too few rights."""
    folder, port = tmp_path_factory.mktemp("roles"), free_port()
    users = folder / "users.acl"
    poor = "user poor on >secret-of-poor ~neonet.jobs* +ping +hello +auth +time +llen +get ~neonet.release\n"
    users.write_text(users_file(_PASSWORDS, {}) + poor, encoding="utf-8")
    options = f"--port {port} --bind 127.0.0.1 --maxmemory 64mb --dir {folder} --aclfile {users}".split()
    process = subprocess.Popen([binary(), *options, "--save", ""], stdout=subprocess.DEVNULL, env={"PATH": os.defpath})
    try:
        eventually("Redis answers", lambda: _answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with redis.Redis(port=port, username="health", password="secret-of-health") as client:
        try:
            return bool(client.execute_command("PING"))
        except redis.ConnectionError:
            return False


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.WORKER, Role.FLOWER])
def test_each_role_of_a_farm_is_examined_as_far_as_it_may_ask(port: int, role: Role) -> None:
    found = list(redis_diagnoses(f"redis://{role.value}:secret-of-{role.value}@127.0.0.1:{port}/0"))
    assert not [one for one in found if one.grade is Grade.FAIL], found
    assert role.value in about("redis", found).found
    if role is Role.COORDINATOR:
        assert about("redis rights", found).grade is Grade.OK


def test_a_user_with_too_few_rights_is_found(port: int) -> None:
    found = about("redis rights", redis_diagnoses(f"redis://poor:secret-of-poor@127.0.0.1:{port}/0"))
    assert found.grade is Grade.FAIL
    assert "hold the lease" in found.found
    assert "rights of its role" in found.advice
