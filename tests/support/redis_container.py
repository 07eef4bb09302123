"""Compose's Redis container, made of this machine's processes and folders."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import redis

from fleet.hosts.redis_acl import Role, users_file
from fleet.local.redis_server import free_port
from tests.support.processes import ROOT, eventually
from tests.support.redis_server import binary

PASSWORDS = {role: f"secret-of-{role.value}" for role in Role}

_FILES = {"cert": "server.crt", "key": "server.key", "ca-cert": "ca.crt"}

#: redis-cli for one command, on a machine without it
_CLIENT = """#!{python}
import os, sys, redis
_, _, user, *command = sys.argv
try:
    answer = redis.Redis(port={port}, username=user, password=os.environ["REDISCLI_AUTH"]).execute_command(*command)
    print(answer.decode())
except redis.RedisError as exc:
    print("ERR", exc)
"""


def start_script(folder: Path, secrets: Path) -> str:
    """What docker-compose.yml has the container of Redis run, with its data and its secrets in these folders."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    script = text.partition("      - |\n        cd /data\n")[2].partition("      - redis\n")[0]
    assert "redis-server" in script
    return f"cd {folder}\n{textwrap.dedent(script)}".replace("$$", "$").replace("/run/secrets", f"{secrets}")


class Container:
    """Redis as its container runs it."""

    def __init__(self, folder: Path, *, user: Role | None = None, secrets: Path | None = None) -> None:
        """`secrets` is the folder of a farm's secrets for Redis, which then also speaks TLS."""
        self.data = folder / "data"
        self.data.mkdir()
        self._tools = folder / "bin"
        self._tools.mkdir()
        for name in ("redis-server", "redis-check-aof"):
            # Redis is one program, which acts by the name that it is called by
            (self._tools / name).symlink_to(binary())
        self.port = free_port()
        client = self._tools / "redis-cli"
        client.write_text(_CLIENT.format(python=sys.executable, port=self.port), encoding="utf-8")
        client.chmod(0o700)
        self._users = folder / "users.acl"
        self._users.write_text("user default on nopass ~* &* +@all\n" if user is None else users_file(PASSWORDS, {}))
        self._secrets = secrets
        self.tls_port = free_port()
        self._login = {} if user is None else {"username": user.value, "password": PASSWORDS[user]}
        self._log = folder / "container.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def words(self) -> str:
        """What the container has said."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def client(self) -> redis.Redis:
        """A client that may do what the role may, or the coordinator of a farm with secrets."""
        if self._secrets is not None:
            url = (self._secrets.parent / "coordinator" / "FLEET_REDIS_URL").read_text(encoding="utf-8")
            return redis.Redis.from_url(url.replace("redis:6379", f"127.0.0.1:{self.port}"))
        return redis.Redis(port=self.port, **self._login)  # type: ignore[arg-type]

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [f"--port {self.port}", "--bind 127.0.0.1", f"--dir {self.data}", "--appendonly yes", '--save ""']
        if self._secrets is None:
            options.append(f"--aclfile {self._users}")
        else:
            options += [f"--tls-port {self.tls_port}", "--tls-auth-clients no", f"--aclfile {self._secrets}/users.acl"]
            options += [f"--tls-{name}-file {self._secrets}/{file}" for name, file in _FILES.items()]
        argv = ["sh", "-c", start_script(self.data, self._secrets or self.data), "redis", *options]
        environ = os.environ | {"PATH": f"{self._tools}:/usr/bin:/bin", "RELOAD_S": "0.2"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, env=environ, start_new_session=True)
        eventually(f"an answer: {self.words}", self._answers)

    def stop(self) -> int:
        """`docker stop`: its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            # with its first process, a container ends all others
            os.killpg(self._process.pid, signal.SIGKILL)
        return code

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.words
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
