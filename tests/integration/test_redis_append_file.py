"""Compose's Redis after a stop and after a power cut: transactions are kept, a damaged file is put aside."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from fleet.hosts.redis_acl import Role
from tasks.messages import JOBS_QUEUE, RESULTS_GROUP, RESULTS_STREAM
from tests.support.redis_container import Container, start_script


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
        argv = ["sh", "-c", start_script(one.data, one.data), "redis", f"--dir {one.data}", "--no-such-option yes"]
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
