"""Flower's password and its start in an environment that belongs to others."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.local.redis_server import free_port
from tests.support.processes import environ, eventually, started
from tests.support.workers import WORKER

PASSWORD = "grün,weiß,rot"


@pytest.fixture(scope="module")
def flower(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Flower with a password, in the environment of a pod beside a Kubernetes service named `flower`."""
    folder: Path = tmp_path_factory.mktemp("door")
    port = free_port()
    given = {
        "FLEET_REDIS_URL": redis_url,
        "FLEET_FLOWER__PORT": str(port),
        "FLEET_FLOWER__BASIC_AUTH": f"farmer:{PASSWORD}",
        "FLOWER_PORT": "tcp://10.96.0.7:5555",
        "FLOWER_SERVICE_HOST": "10.96.0.7",
        "FLOWER_PORT_5555_TCP": "tcp://10.96.0.7:5555",
    }
    with started([*WORKER, "flower"], folder, environ(folder, given)) as process:
        url = f"http://127.0.0.1:{port}"
        eventually(f"Flower's answer\n{process.words()}", lambda: answer(url + "/healthcheck") == 200)
        yield url


def answer(url: str, credentials: bytes | None = None) -> int:
    """The status of the answer, 0 for none."""
    headers = {} if credentials is None else {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as reply:  # noqa: S310
            return int(reply.status)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code
    except OSError:
        return 0


def test_a_password_with_commas_and_letters_outside_ascii_lets_in(flower: str) -> None:
    assert answer(f"{flower}/workers", f"farmer:{PASSWORD}".encode()) == 200


@pytest.mark.parametrize("given", ["farmer:grün", "weiß", "rot", "farmer:", "farmer:grun,weiss,rot", "grün:x"])
def test_a_part_of_the_password_does_not(flower: str, given: str) -> None:
    assert answer(f"{flower}/workers", given.encode()) == 401


def test_no_password_and_bytes_that_are_no_text_do_not(flower: str) -> None:
    assert answer(f"{flower}/workers") == 401
    assert answer(f"{flower}/workers", b"farmer:\xff\xfe") == 401
