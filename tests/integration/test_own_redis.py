"""The Redis that `fleet up` starts for itself: on loopback, behind a password of its own, in a folder of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import redis

from fleet.local.redis_server import LocalRedis, start_redis


@contextmanager
def started(folder: Path) -> Iterator[LocalRedis]:
    folder.mkdir(parents=True)
    local = start_redis(folder)
    try:
        yield local
    finally:
        local.child.stop(patience_s=5.0)


def test_it_listens_on_loopback_alone_and_lets_nobody_in_without_its_password(tmp_path: Path) -> None:
    with started(tmp_path / "one") as one, started(tmp_path / "other") as other:
        with redis.Redis.from_url(one.url) as client:
            assert client.config_get("bind")["bind"] == "127.0.0.1"
            assert client.config_get("dir")["dir"] == str(tmp_path / "one")
            port = int(client.config_get("port")["port"])
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        password = one.url.partition("//:")[2].partition("@")[0]
        assert len(password) >= 32
        assert password not in other.url


def test_its_password_stands_in_no_command_line_and_in_no_file_of_others(tmp_path: Path) -> None:
    with started(tmp_path / "one") as one:
        password = one.url.partition("//:")[2].partition("@")[0]
        assert password in (tmp_path / "one" / "redis.conf").read_text()
        assert (tmp_path / "one" / "redis.conf").stat().st_mode & 0o077 == 0
        family = psutil.Process().children(recursive=True)
        assert family
        assert not any(password in " ".join(process.cmdline()) for process in family)


@pytest.mark.parametrize("name", ["a folder with spaces", "with 'one' quote", 'with "two" and \\', "größer"])
def test_its_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    with started(tmp_path / name) as local, redis.Redis.from_url(local.url) as client:
        assert client.ping()
        assert client.config_get("dir")["dir"] == str(tmp_path / name)


def test_no_client_adds_more_at_once_than_the_coordinator_can_hold(tmp_path: Path) -> None:
    large = "x" * 2_000_000
    with started(tmp_path / "one") as one, redis.Redis.from_url(one.url) as client:
        pipeline = client.pipeline(transaction=True)
        for _ in range(110):
            pipeline.xadd("neonet.results", {"body": large})
        with pytest.raises(redis.ConnectionError):
            pipeline.execute()
        assert client.xlen("neonet.results") == 0


def test_commands_that_are_never_finished_take_a_bounded_part_of_its_memory(tmp_path: Path) -> None:
    """Twelve such connections took 600 MB, more than a container of Redis may have."""
    part = b"$2000000\r\n" + b"x" * 2_000_000 + b"\r\n"
    with started(tmp_path / "one") as one, redis.Redis.from_url(one.url) as client, ExitStack() as opened:
        port = int(client.config_get("port")["port"])
        password = one.url.partition("//:")[2].partition("@")[0]
        for _ in range(12):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            connection.sendall(f"AUTH {password}\r\n".encode())
            connection.recv(100)
            # Redis cuts the largest one
            with suppress(OSError):
                connection.sendall(b"*1000\r\n$5\r\nLPUSH\r\n" + 20 * part)
        assert client.info("stats")["evicted_clients"] > 0
        assert client.info("memory")["used_memory"] < 250_000_000
