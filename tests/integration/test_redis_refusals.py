"""A Redis that can't serve a farm: each one is named at the start, in one line, by every part that uses it."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from config.redis_address import read_redis_url
from fleet.local.redis_server import free_port
from tasks.broker.handshake import Greeting, Refusal, announce, process_refusal, server_refusal
from tests.support.processes import eventually
from tests.support.redis_server import binary
from tests.support.tls_front import tls_front

Contact = Callable[..., Refusal | None]

CONTACTS: dict[str, Contact] = {
    "coordinator": announce,
    "worker": lambda url, **given: process_refusal(url, as_worker=True, **given),
    "flower": lambda url, **given: process_refusal(url, as_worker=False, **given),
}


@pytest.fixture(params=CONTACTS)
def contact(request: pytest.FixtureRequest) -> Contact:
    return CONTACTS[request.param]


def refused(contact: Contact, url: str, said: str, *, permanent: bool = False) -> None:
    refusal = contact(url, patience_s=0.5)
    assert refusal is not None
    assert said in refusal.reason
    assert refusal.permanent is permanent
    assert "\n" not in refusal.reason
    assert "hunter2" not in refusal.reason


def test_a_closed_port(contact: Contact) -> None:
    port = free_port()
    refused(
        contact, f"redis://:hunter2@127.0.0.1:{port}/0", f"can't reach Redis at 127.0.0.1:{port}: Connection refused"
    )


def test_a_name_that_nobody_has(contact: Contact) -> None:
    refused(contact, "redis://:hunter2@redis.invalid/0", "can't reach Redis at redis.invalid:6379: ")


def test_a_database_that_redis_does_not_have(contact: Contact, redis_url: str) -> None:
    refused(contact, redis_url.removesuffix("/0") + "/99", "has no database 99", permanent=True)


def test_a_password_that_is_not_the_one(contact: Contact, redis_url: str) -> None:
    place = redis_url.partition("@")[2]
    refused(contact, f"redis://:hunter2@{place}", "Redis refuses this role")
    refused(contact, f"redis://{place}", "Redis refuses this role")


def test_a_web_server(contact: Contact) -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        refused(contact, f"redis://:hunter2@127.0.0.1:{server.server_port}/0", "can't reach Redis at")
    finally:
        server.shutdown()
        server.server_close()


def test_plain_text_to_a_redis_that_speaks_tls(contact: Contact, redis_url: str, tmp_path: Path) -> None:
    with tls_front(tmp_path, redis_url=redis_url) as front:
        refused(contact, f"redis://:hunter2@127.0.0.1:{front.port}/0", "rediss:// speaks TLS")


def test_tls_to_what_speaks_something_else(contact: Contact) -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        refused(contact, f"rediss://:hunter2@127.0.0.1:{server.server_port}/0", "does not speak TLS")
    finally:
        server.shutdown()
        server.server_close()


def test_tls_to_a_redis_in_plain_text(contact: Contact, redis_url: str) -> None:
    refused(contact, redis_url.replace("redis://", "rediss://"), "does not speak TLS (no answer to the handshake)")


def test_a_replica(contact: Contact, tmp_path: Path) -> None:
    with another(tmp_path, "--replicaof", "127.0.0.1", "1") as url:
        refused(contact, url, "is a replica, which takes no jobs; name its master")


def test_a_cluster(contact: Contact, tmp_path: Path) -> None:
    with another(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as url:
        refused(contact, url, "is a Redis in cluster mode; a farm needs a single Redis", permanent=True)


def test_a_sentinel_is_no_redis_for_jobs() -> None:
    address = read_redis_url("redis://h:26379")
    refusal = server_refusal(address, Greeting(version="8.2.3", mode="sentinel", role="master"))
    assert refusal is not None
    assert "sentinel mode" in refusal.reason


def test_a_redis_that_comes_late_is_waited_for(contact: Contact, tmp_path: Path) -> None:
    port = free_port()
    late: list[subprocess.Popen[bytes]] = []
    timer = threading.Timer(1.0, lambda: late.append(_start(tmp_path, port)))
    timer.start()
    try:
        assert contact(f"redis://127.0.0.1:{port}/0", patience_s=30.0) is None
    finally:
        timer.join()
        late[0].kill()
        late[0].wait()


def test_a_full_redis_is_no_reason_against_a_start(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", "1")
        try:
            assert announce(redis_url) is None
        finally:
            client.config_set("maxmemory", before)


class _Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing: the test's own output is read."""


def _start(folder: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    argv = [str(binary()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *options]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL)


@contextmanager
def another(folder: Path, *options: str) -> Iterator[str]:
    """A Redis of another kind."""
    port = free_port()
    process = _start(folder, port, *options)
    try:
        eventually("an answer, or its end", lambda: process.poll() is not None or _answers(port))
        assert process.poll() is None
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with redis.Redis(port=port) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
