"""A real Redis with TLS, users and certificates as Compose gives them, for hosts that are really invited."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis

from fleet.hosts.farm_secrets import FarmSecrets, PublicAddress
from fleet.hosts.invitation import Invitation
from fleet.hosts.joining import hand_over
from fleet.hosts.redis_acl import Role
from fleet.local.redis_server import free_port
from tasks.broker.handshake import release
from tasks.broker.redis_client import redis_client
from tasks.wire_versions import WIRE_VERSION
from tests.support.lacks import lacks
from tests.support.processes import eventually
from tests.support.redis_server import binary

_ADDRESS = "127.0.0.1"
_VALID_S = 600.0


class TlsRedis:
    """The farm's secrets, and the Redis that serves them on a TLS port and a plain one."""

    def __init__(self, root: Path, hosts: Sequence[str]) -> None:
        self.root = root
        self.secrets = FarmSecrets(root)
        self.secrets.write_files((_ADDRESS, "redis"))
        self.port, self.tls_port = free_port(), free_port()
        #: host → its invitation
        self.invitations: dict[str, Invitation] = {host: self._invite(host) for host in hosts}
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, role: Role) -> str:
        """The plain URL of a role, as its container has it."""
        text = (self.root / role.value / "FLEET_REDIS_URL").read_text(encoding="utf-8")
        return text.replace("redis:6379", f"{_ADDRESS}:{self.port}")

    def start(self) -> None:
        """Start Redis, or again after a change of the users file."""
        self.stop()
        files = self.root / "redis"
        argv = [str(binary()), "--bind", _ADDRESS, "--port", f"{self.port}", "--tls-port", f"{self.tls_port}"]
        argv += ["--save", "", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction", "--dir", str(self.root)]
        argv += ["--aclfile", str(files / "users.acl"), "--tls-auth-clients", "no"]
        argv += ["--tls-cert-file", str(files / "server.crt"), "--tls-key-file", str(files / "server.key")]
        argv += ["--tls-ca-cert-file", str(files / "ca.crt")]
        self._process = process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        eventually("an answer of Redis, or its end", lambda: process.poll() is not None or self._answers())
        if process.poll() is not None:
            lacks("this redis-server has no TLS")

    def offer(self, host: str) -> str:
        """Let a host take its password and its key, as `docker/invite` does. Returns the line to paste there."""
        hand_over(self.url(Role.COORDINATOR), host, self.secrets.access(host), _VALID_S)
        return self.invitations[host].encode()

    def stop(self) -> None:
        """End Redis."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with redis_client(self.url(Role.COORDINATOR)) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _invite(self, host: str) -> Invitation:
        published = PublicAddress(names=(_ADDRESS, "redis"), port=self.tls_port)
        expires_at = int(time.time() + _VALID_S)
        return self.secrets.invite(host, published, release=release(), wire=WIRE_VERSION, expires_at=expires_at)


@contextmanager
def tls_redis(root: Path, *hosts: str) -> Iterator[TlsRedis]:
    """A TlsRedis that runs until the block ends, with these hosts invited."""
    farm = TlsRedis(root, hosts)
    try:
        farm.start()
        yield farm
    finally:
        farm.stop()
