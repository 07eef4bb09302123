"""A worker whose host is dismissed while it works ends with a line that says so; one whose Redis is away waits."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from fleet.hosts.redis_acl import Role, user_of_host, users_file
from fleet.local.redis_server import free_port
from tests.support.processes import eventually
from tests.support.redis_server import binary
from tests.support.workers import worker

_PASSWORDS = {role: f"secret-of-{role.value}" for role in Role}
_GARAGE = "secret-of-garage"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A Redis as Compose's, which the host `garage` may use."""
    folder = tmp_path / "redis"
    folder.mkdir()
    users = folder / "users.acl"
    _write(users, {"garage": _GARAGE})
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--aclfile", str(users)]
    process = subprocess.Popen([binary(), *options], stdout=subprocess.DEVNULL, env={"PATH": os.defpath})
    try:
        eventually("an answer of Redis", lambda: _answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _write(users: Path, hosts: dict[str, str]) -> None:
    admin = "user admin on >secret-of-admin ~* &* +@all\n"
    users.write_text(users_file(_PASSWORDS, hosts) + admin, encoding="utf-8")


def _admin(port: int) -> redis.Redis:
    return redis.Redis(port=port, username="admin", password="secret-of-admin")


def _answers(port: int) -> bool:
    try:
        with _admin(port) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.mark.parametrize("hosts", [{}, {"garage": "invited-a-second-time"}], ids=["dismissed", "invited again"])
def test_a_worker_whose_password_is_taken_back_ends_with_the_reason(
    hosts: dict[str, str], port: int, tmp_path: Path
) -> None:
    url = f"redis://{user_of_host('garage')}:{_GARAGE}@127.0.0.1:{port}/0"
    folder = tmp_path / "worker"
    folder.mkdir()
    with worker(url, folder) as process:
        _write(tmp_path / "redis" / "users.acl", hosts)
        with _admin(port) as client:
            # `docker/dismiss` starts Redis again, which does the same and cuts every connection
            client.execute_command("ACL", "LOAD")
        assert process.wait() == 69, process.words()
        last = process.err.splitlines()[-1]
        assert "Redis refuses this role" in last
        assert "or a revoked one" in last
        assert _GARAGE not in process.err
