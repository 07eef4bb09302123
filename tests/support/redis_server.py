"""A real redis-server for the tests: on loopback, with a password, in a separate folder."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from fleet.errors import ServiceError
from fleet.local.redis_server import find_redis_server, free_port
from tests.support.lacks import lacks

_START_S = 10.0
_STOP_S = 5.0
_TRIES = 3


def binary() -> Path:
    """The redis-server that a farm would start. Without one, the test is skipped, or fails where CI=true."""
    try:
        return find_redis_server()
    except ServiceError as exc:
        lacks(str(exc))


@contextmanager
def running(server: Path, folder: Path) -> Iterator[str]:
    """Run `server` in `folder` for the length of the block and yield its URL."""
    password = secrets.token_hex(16)
    process, port = _started(server, folder, password)
    try:
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        _stop(process)


def _started(server: Path, folder: Path, password: str) -> tuple[subprocess.Popen[bytes], int]:
    # more than one try, because another process may take a free port before the server binds it
    for _ in range(_TRIES):
        port = free_port()
        process = _start(server, folder, port, password)
        if _answers(process, port, password):
            return process, port
        _stop(process)
    raise RuntimeError(f"redis-server did not start:\n{(folder / 'redis.log').read_text(encoding='utf-8')}")


def _start(server: Path, folder: Path, port: int, password: str) -> subprocess.Popen[bytes]:
    # in a file, because every user of the machine can read arguments
    conf = folder / "redis.conf"
    conf.touch(mode=0o600)
    conf.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\nlogfile {folder / 'redis.log'}\n"
        'save ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy noeviction\n',
        encoding="utf-8",
    )
    return subprocess.Popen([server, conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _answers(process: subprocess.Popen[bytes], port: int, password: str) -> bool:
    until = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < until:
        try:
            with redis.Redis(host="127.0.0.1", port=port, password=password) as client:
                client.ping()
        except redis.ConnectionError:
            time.sleep(0.02)
        else:
            return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Mortal:
    """A Redis for one test that can be killed and restarted on its port. It writes nothing to disk."""

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def __enter__(self) -> str:
        self._process, self._port = _started(self._server, self._folder, self._password)
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def start(self) -> None:
        """Start it again, on the same port."""
        self._process = _start(self._server, self._folder, self._port, self._password)
        if not _answers(self._process, self._port, self._password):
            raise RuntimeError("redis-server did not start again")


def empty_database(redis_url: str, number: int) -> str:
    """The URL of another database of this Redis, emptied."""
    url = redis_url.removesuffix("/0") + f"/{number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
