"""A second host: a container on another network, which reaches the first host's address and nothing else.

One file: its tests share a farm under Compose, which takes a minute to start.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import shlex
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fleet.local.redis_server import free_port
from tests.support.compose import Farm, until

pytestmark = pytest.mark.timeout(300)

#: the first host, as seen from the engine's default network
_ADDRESS = "172.17.0.1"
_ETH_P_ALL = 3


def said(*command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def printed(mining: Farm, port: int) -> list[str]:
    """The commands that `docker/invite` printed. Redis stays published from then on."""
    environment = mining.folder / ".env"
    environment.write_text(f"JOIN_PORT={port}\n", encoding="utf-8")
    done = subprocess.run(
        ["docker/invite", "garage", _ADDRESS],
        cwd=mining.folder,
        env=mining.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def line(printed: list[str]) -> str:
    return next(one for one in printed if one.startswith("neonet2."))


@pytest.fixture(scope="module")
def host(printed: list[str], line: str) -> Iterator[str]:
    """The volume of a host that has typed the first of the two commands for Docker."""
    volume = f"neonet-test-join-{secrets.token_hex(3)}"
    typed = next(one for one in printed if "--interactive" in one)
    assert line not in typed, "other users of the host could read it"
    words = shlex.split(typed.replace("neonet-join", volume).removesuffix(" <<'END'"))
    done = said(*words, stdin=f"{line}\n")
    assert done.returncode == 0, done.stderr
    assert "over TLS" in done.stderr
    yield volume
    said("docker", "volume", "rm", "--force", volume)


def altered(line: str, **fields: str | int) -> str:
    """An invitation with other fields, its checksum right."""
    prefix, _, body = line.partition(".")
    stated = json.loads(base64.urlsafe_b64decode(body + "==")[4:]) | fields
    raw = json.dumps(stated).encode()
    return f"{prefix}." + base64.urlsafe_b64encode(binascii.crc32(raw).to_bytes(4, "big") + raw).decode().rstrip("=")


@contextmanager
def second_host(printed: list[str], volume: str) -> Iterator[str]:
    """Run the second printed command, on a network that is not the farm's; the container's name."""
    name = f"neonet-test-host-{secrets.token_hex(3)}"
    command = [name if part == "neonet-worker" else part for part in shlex.split(printed[-1])]
    done = said(*[part.replace("neonet-join", volume) for part in command])
    assert done.returncode == 0, done.stderr
    try:
        yield name
    finally:
        said("docker", "rm", "--force", name)


def joined(line: str) -> subprocess.CompletedProcess[str]:
    """What `fleet join` says on the second host, where the line comes by stdin."""
    options = ["--rm", "--interactive", "--env", "HOLD_S=0", "--tmpfs", "/var/lib/neonet-fleet:uid=10001,mode=0700"]
    return said("docker", "run", *options, "neonet-fleet:0.1.0", "fleet", "join", "--check", "-", stdin=line)


class Wire:
    """Every byte that crosses an interface, for a while."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.bind((interface, 0))
        self._socket.settimeout(0.2)
        self._open = True
        self.bytes = bytearray()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while self._open:
            try:
                self.bytes += self._socket.recv(65_535)
            except TimeoutError:
                continue

    def close(self) -> bytes:
        self._open = False
        self._thread.join()
        self._socket.close()
        return bytes(self.bytes)


def test_a_second_host_mines_within_30_s_of_the_printed_command_and_shows_no_plain_job(
    mining: Farm, printed: list[str], host: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("listening on the wire needs root")
    wire = Wire("docker0")
    try:
        with second_host(printed, host):
            until(lambda: mining.paid_by_worker().get("worker@garage", 0) > 5, 30, "paid jobs of the second host")
    finally:
        received = wire.close()
    assert len(received) > 50_000
    assert b"\x16\x03\x01" in received
    for plain in (
        b"neonet.",
        b"miner-",
        b"BRPOP",
        b"host-garage",
        b"aHR0",
        b'"job_id"',
        base64.b64encode(b'[[{"v": 2')[:11],
    ):
        assert plain not in received, plain


def test_an_address_that_is_not_this_host_s_changes_nothing(mining: Farm, printed: list[str]) -> None:
    assert printed
    before = (mining.folder / ".env").read_text(encoding="utf-8"), mining.containers("redis")
    done = subprocess.run(
        ["docker/invite", "attic", "203.0.113.5"],
        cwd=mining.folder,
        env=mining.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 69
    assert "can't be published here" in done.stderr
    assert before == ((mining.folder / ".env").read_text(encoding="utf-8"), mining.containers("redis"))


def test_a_wrong_password_is_refused(line: str) -> None:
    done = joined(altered(line, password="guess"))
    assert done.returncode == 69
    assert "Redis refuses this invitation" in done.stderr


def test_an_invitation_is_used_once(line: str, host: str) -> None:
    assert host
    done = joined(line)
    assert done.returncode == 69
    assert "this invitation was used already, or is too old" in done.stderr


def test_a_farm_of_an_unknown_authority_is_refused(line: str) -> None:
    make = "cd /tmp && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c"
    make += " -days 2 -subj /CN=x -addext keyUsage=critical,keyCertSign 2>/dev/null"
    make += " && openssl x509 -in c -outform DER | base64 -w0"
    other = said("docker", "run", "--rm", "--entrypoint", "sh", "neonet-fleet:0.1.0", "-c", make).stdout.strip()
    done = joined(altered(line, authority=other))
    assert done.returncode == 69
    assert "is not the farm of this invitation" in done.stderr


def test_a_worker_of_another_version_is_told_which_is_wanted(line: str) -> None:
    done = joined(altered(line, wire=99, release="0.9.0"))
    assert done.returncode == 69
    assert "the farm needs release 0.9.0" in done.stderr


def test_a_cut_line_is_no_invitation(line: str) -> None:
    done = joined(line[:-9])
    assert done.returncode == 78
    assert "cut or mistyped" in done.stderr


def test_a_port_where_nobody_listens_is_said(line: str) -> None:
    done = joined(altered(line, port=free_port()))
    assert done.returncode == 69
    assert "can't reach" in done.stderr


def test_redis_is_published_at_the_address_alone_and_its_plain_port_not_at_all(
    mining: Farm, printed: list[str], port: int
) -> None:
    assert printed
    bindings = mining.inspected("redis")[0]["HostConfig"]["PortBindings"]
    assert bindings == {"6380/tcp": [{"HostIp": _ADDRESS, "HostPort": str(port)}]}


def test_a_host_that_is_removed_has_finished_its_jobs_and_its_password_opens_nothing(
    mining: Farm, printed: list[str], line: str, host: str
) -> None:
    before = mining.paid_by_worker().get("worker@garage", 0)
    with second_host(printed, host) as worker:
        until(lambda: mining.paid_by_worker().get("worker@garage", 0) > before, 30, "a paid job of the second host")
        stopped = said("docker", "stop", worker)
        assert stopped.returncode == 0
        assert said("docker", "inspect", "--format", "{{.State.ExitCode}}", worker).stdout.strip() == "0"
    gone = subprocess.run(
        ["docker/dismiss", "garage"], cwd=mining.folder, env=mining.environ, capture_output=True, text=True, check=False
    )
    assert gone.returncode == 0, gone.stderr
    assert "Redis refuses this invitation" in joined(line).stderr
    mining.goes_on(10)
    ledger, book = mining.drained_sums()
    assert ledger == book
