"""A real Redis with the users of a farm's roles, and of the invited host `attic`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from fleet.hosts.redis_acl import Role, users_file
from fleet.local.redis_server import free_port
from tests.support.processes import eventually
from tests.support.redis_server import binary

_PASSWORDS = {role: f"secret-of-{role.value}" for role in Role}


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleRedis:
    """A Redis with the farm's users."""

    port: int

    def url(self, user: str) -> str:
        """The URL by which a role, or a host's user, logs in."""
        return f"redis://{user}:secret-of-{user.removeprefix('host-')}@127.0.0.1:{self.port}/0"

    def root(self) -> redis.Redis:
        """Somebody who may do everything."""
        return redis.Redis(port=self.port, username="root", password="root")

    def denied(self) -> list[Any]:
        """What Redis has refused to whom."""
        with self.root() as client:
            # clients name their library, go on where that is refused, and Redis 7.0 knows no such command to allow
            denied = [one for one in client.acl_log() if one["object"] != "client|setinfo"]
            return [(one["username"], one["object"], one["context"]) for one in denied]

    def answers(self) -> bool:
        """Whether it takes commands."""
        try:
            with self.root() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def role_redis(folder: Path) -> Iterator[RoleRedis]:
    """Such a Redis, with its files in `folder`."""
    users = folder / "users.acl"
    users.write_text(users_file(_PASSWORDS, {"attic": "secret-of-attic"}) + "user root on >root ~* &* +@all\n")
    made = RoleRedis(port=free_port())
    argv = [str(binary()), "--port", str(made.port), "--bind", "127.0.0.1", "--save", "", "--aclfile", str(users)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        eventually("an answer", made.answers)
        yield made
    finally:
        process.kill()
        process.wait()
