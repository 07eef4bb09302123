"""Compose's Redis after a stop and after a power cut: transactions are kept, a damaged file is put aside."""

from __future__ import annotations

import os
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from fleet.hosts.redis_acl import Role, users_file
from fleet.local.redis_server import free_port
from tasks.messages import JOBS_QUEUE, RESULTS_GROUP, RESULTS_STREAM
from tests.support.processes import ROOT, eventually
from tests.support.redis_server import binary

PASSWORDS = {role: f"secret-of-{role.value}" for role in Role}


def start_script(folder: Path) -> str:
    """What docker-compose.yml has the container of Redis run, with its data in `folder`."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    script = text.partition("      - |\n        cd /data\n")[2].partition("      - redis\n")[0]
    assert "redis-server" in script
    return f"cd {folder}\n{textwrap.dedent(script)}".replace("$$", "$")


class Container:
    """Redis as its container runs it."""

    def __init__(self, folder: Path, *, user: Role | None = None) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self._tools = folder / "bin"
        self._tools.mkdir()
        for name in ("redis-server", "redis-check-aof"):
            # Redis is one program, which acts by the name that it is called by
            (self._tools / name).symlink_to(binary())
        self._users = folder / "users.acl"
        self._users.write_text("user default on nopass ~* &* +@all\n" if user is None else users_file(PASSWORDS, {}))
        self._login = {} if user is None else {"username": user.value, "password": PASSWORDS[user]}
        self.port = free_port()
        self._log = folder / "container.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def words(self) -> str:
        """What the container has said."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def client(self) -> redis.Redis:
        """A client that may do what the role may."""
        return redis.Redis(port=self.port, **self._login)  # type: ignore[arg-type]

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [f"--port {self.port}", "--bind 127.0.0.1", f"--dir {self.data}", "--appendonly yes", '--save ""']
        argv = ["sh", "-c", start_script(self.data), "redis", *options, f"--aclfile {self._users}"]
        environ = os.environ | {"PATH": f"{self._tools}:/usr/bin:/bin"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, env=environ, start_new_session=True)
        eventually(f"an answer: {self.words}", self._answers)

    def stop(self) -> int:
        """`docker stop`: its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.words
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def container(folder: Path, *, user: Role | None = None) -> Iterator[Container]:
    one = Container(folder, user=user)
    one.start()
    try:
        yield one
    finally:
        one.stop()


def only(folder: Path, pattern: str) -> Path:
    (path,) = (folder / "appendonlydir").glob(pattern)
    return path


def zeros_in_the_middle(data: Path) -> None:
    path = only(data, "*.incr.aof")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\0" * 512)


def zeros_at_the_end(data: Path) -> None:
    with only(data, "*.incr.aof").open("ab") as file:
        file.write(b"\0" * 4096)


def no_base(data: Path) -> None:
    only(data, "*.base.rdb").unlink()


def empty_manifest(data: Path) -> None:
    only(data, "*.manifest").write_bytes(b"")


def no_manifest_word(data: Path) -> None:
    only(data, "*.manifest").write_bytes(b"\0" * 100)


DAMAGES = (zeros_in_the_middle, zeros_at_the_end, no_base, empty_manifest, no_manifest_word)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_a_damaged_file_is_put_aside_and_redis_starts_empty(damage: Callable[[Path], None], tmp_path: Path) -> None:
    with container(tmp_path) as one:
        with one.client() as client:
            for number in range(100):
                client.lpush(JOBS_QUEUE, f"job-{number} {'x' * 50}")
        assert one.stop() == 0
        damage(one.data)
        one.start()
        with one.client() as client:
            assert client.dbsize() == 0
            client.lpush(JOBS_QUEUE, "job-new")
        said = [line for line in one.words.splitlines() if line.startswith("the append-only file was damaged")]
        assert len(said) == 1
        (aside,) = one.data.glob("appendonlydir.damaged-*")
        assert str(aside.name) in said[0]
        assert list(aside.iterdir())
        # it is whole again
        one.stop()
        one.start()
        with one.client() as client:
            assert client.llen(JOBS_QUEUE) == 1


def test_one_damaged_file_is_kept_and_no_more(tmp_path: Path) -> None:
    with container(tmp_path) as one:
        for _ in range(2):
            with one.client() as client:
                client.set("key", "value")
            one.stop()
            zeros_at_the_end(one.data)
            time.sleep(1.1)
            one.start()
        assert len(list(one.data.glob("appendonlydir.damaged-*"))) == 1


def test_a_file_whose_last_command_is_cut_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    with container(tmp_path) as one:
        with one.client() as client:
            client.lpush(JOBS_QUEUE, "job-1")
            client.lpush(JOBS_QUEUE, "job-2")
        one.stop()
        path = only(one.data, "*.incr.aof")
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - 5)
        one.start()
        with one.client() as client:
            assert client.lrange(JOBS_QUEUE, 0, -1) == [b"job-1"]


def test_a_mistake_in_the_options_touches_no_file(tmp_path: Path) -> None:
    with container(tmp_path) as one:
        one.stop()
        argv = ["sh", "-c", start_script(one.data), "redis", f"--dir {one.data}", "--no-such-option yes"]
        environ = os.environ | {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
        done = subprocess.run(argv, env=environ, capture_output=True, check=False, timeout=30)
        assert done.returncode == 1
        assert not list(one.data.glob("appendonlydir.damaged-*"))
        one.start()


def test_transactions_are_kept_over_a_restart_and_nobody_comes_in_without_a_password(tmp_path: Path) -> None:
    with container(tmp_path, user=Role.COORDINATOR) as one:
        with one.client() as client:
            client.xgroup_create(RESULTS_STREAM, RESULTS_GROUP, id="0", mkstream=True)
            with client.pipeline(transaction=True) as pipeline:
                for number in range(3):
                    pipeline.xadd(RESULTS_STREAM, {"number": number})
                pipeline.lpush(JOBS_QUEUE, "job")
                first, *_ = pipeline.execute()
            client.xreadgroup(RESULTS_GROUP, "coordinator", {RESULTS_STREAM: ">"})
            with client.pipeline(transaction=True) as pipeline:
                pipeline.xack(RESULTS_STREAM, RESULTS_GROUP, first)
                pipeline.xdel(RESULTS_STREAM, first)
                pipeline.execute()
        one.stop()
        one.start()
        with one.client() as client:
            assert (client.llen(JOBS_QUEUE), client.xlen(RESULTS_STREAM)) == (1, 2)
        assert "NOPERM" not in one.words
        for login in ({}, {"username": "default", "password": ""}, {"username": "default", "password": "x"}):
            with redis.Redis(port=one.port, **login) as anonymous, pytest.raises(redis.AuthenticationError):  # type: ignore[arg-type]
                anonymous.ping()
