"""The authority that a Redis URL names is the only one trusted: one that the whole machine trusts opens no password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from kombu.exceptions import OperationalError

from config.settings import Settings
from fleet.errors import ServiceError
from fleet.hosts.joining import take
from tasks.broker.handshake import process_refusal
from tasks.worker.app import make_app
from tests.integration.test_redis_tls import by_backend, by_client, by_flower, by_kombu
from tests.support.tls_front import Front, tls_front

REFUSED = (redis.ConnectionError, OperationalError)


def by_the_loop_of_a_worker(url: str) -> None:
    with make_app(Settings(), url).connection_for_read() as connection:
        connection.default_channel._create_client(asynchronous=True).ping()


def by_flowers_page_of_queues(url: str) -> None:
    asyncio.run(by_flower(url))


@pytest.fixture
def impostor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """Somebody on the way to Redis, with a certificate of an authority that this machine trusts."""
    with tls_front(tmp_path / "impostor") as front:
        monkeypatch.setenv("SSL_CERT_FILE", str(front.authority))
        yield front


@pytest.fixture
def farms_authority(tmp_path: Path) -> Iterator[Path]:
    with tls_front(tmp_path / "farm") as front:
        yield front.authority


@pytest.mark.parametrize("use", [by_kombu, by_backend, by_client, by_the_loop_of_a_worker, by_flowers_page_of_queues])
def test_no_client_tells_its_password_to_an_impostor_whom_the_machine_trusts(
    use: Callable[[str], Any], impostor: Front, farms_authority: Path
) -> None:
    with pytest.raises(REFUSED):
        use(impostor.url(f"?ssl_ca_certs={farms_authority}"))
    assert impostor.received == b""


def test_a_host_that_joins_and_a_worker_that_starts_say_nothing_to_it_either(
    impostor: Front, farms_authority: Path
) -> None:
    url = impostor.url(f"?ssl_ca_certs={farms_authority}")
    with pytest.raises(ServiceError, match="certificate verify failed"):
        take(url, "garage")
    refusal = process_refusal(url, as_worker=True)
    assert refusal is not None
    assert "nothing was sent" in refusal.reason
    assert impostor.received == b""


@pytest.mark.parametrize("use", [by_kombu, by_client, by_flowers_page_of_queues])
def test_without_a_named_authority_those_of_the_machine_are_trusted(
    use: Callable[[str], Any], empty_redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_front(tmp_path, redis_url=empty_redis_url) as front:
        monkeypatch.setenv("SSL_CERT_FILE", str(front.authority))
        use(front.url())
