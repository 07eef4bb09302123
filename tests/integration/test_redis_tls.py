"""rediss:// in every client of the farm: the right authority is taken, and nobody else hears the password."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from flower.utils.broker import Broker
from kombu.exceptions import OperationalError

from config.settings import Settings
from tasks.broker.handshake import announce, process_refusal
from tasks.broker.redis_client import redis_client
from tasks.flower.queue_lengths import verify_certificates
from tasks.messages import JOBS_QUEUE
from tasks.worker.app import make_app
from tasks.worker.backend import StreamBackend
from tests.support.tls_front import Front, tls_front
from tests.support.workers import job, results, send, worker

Use = Callable[[str], Any]


def by_kombu(url: str) -> None:
    """Broker of coordinator, worker and Flower: publishing, which the dispatcher does, and consuming share it."""
    with make_app(Settings(), url).connection_for_write() as connection:
        connection.default_channel.client.ping()


def by_backend(url: str) -> None:
    """The worker's way to the results stream."""
    backend = make_app(Settings(), url).backend
    assert isinstance(backend, StreamBackend)
    backend.client.ping()


def by_client(url: str) -> None:
    """Intake, acknowledgements, and the worker's watchdog."""
    with redis_client(url) as client:
        client.ping()


async def by_flower(url: str) -> None:
    """Flower's page of queues."""
    verify_certificates()
    conf = make_app(Settings(), url).conf
    broker = Broker(conf.broker_url, broker_options=conf.broker_transport_options, broker_use_ssl=conf.broker_use_ssl)
    assert await broker.queues([JOBS_QUEUE])


CLIENTS = [by_kombu, by_backend, by_client]
#: what a client raises of a certificate that is not accepted
REFUSED = (redis.ConnectionError, OperationalError)


def trusting(front: Front) -> str:
    return f"?ssl_ca_certs={front.authority}"


@pytest.mark.parametrize("use", CLIENTS)
def test_every_client_takes_the_certificate_of_the_authority_that_the_url_names(
    use: Use, empty_redis_url: str, tmp_path: Path
) -> None:
    with tls_front(tmp_path, redis_url=empty_redis_url) as front:
        use(front.url(trusting(front)))
        use(front.url(f"{trusting(front)}&ssl_cert_reqs=CERT_REQUIRED"))


@pytest.mark.parametrize("use", CLIENTS)
@pytest.mark.parametrize("trusts", ["nobody", "another", "another name"])
def test_no_client_sends_an_impostor_the_password(use: Use, trusts: str, tmp_path: Path) -> None:
    names = ("redis.lan",) if trusts == "another name" else ("127.0.0.1",)
    with tls_front(tmp_path / "one", names=names) as impostor, tls_front(tmp_path / "two") as other:
        options = {"nobody": "", "another": trusting(other), "another name": trusting(impostor)}[trusts]
        with pytest.raises(REFUSED):
            use(impostor.url(options))
        assert impostor.received == b""


@pytest.mark.parametrize("trusted", [True, False])
def test_flowers_page_of_queues_verifies_likewise(trusted: bool, empty_redis_url: str, tmp_path: Path) -> None:
    with tls_front(tmp_path, redis_url=empty_redis_url if trusted else None) as front:
        if trusted:
            asyncio.run(by_flower(front.url(trusting(front))))
            return
        with pytest.raises(redis.ConnectionError):
            asyncio.run(by_flower(front.url()))
        assert front.received == b""


def test_a_name_that_the_certificate_lacks_can_be_allowed_with_an_authority_of_ones_own(
    empty_redis_url: str, tmp_path: Path
) -> None:
    with tls_front(tmp_path, names=("redis.lan",), redis_url=empty_redis_url) as front:
        by_client(front.url(f"{trusting(front)}&ssl_check_hostname=false"))
        by_kombu(front.url(f"{trusting(front)}&ssl_check_hostname=false"))


@pytest.mark.parametrize(
    "contact",
    [announce, lambda url: process_refusal(url, as_worker=False), lambda url: process_refusal(url, as_worker=True)],
    ids=["announce", "any", "worker"],
)
@pytest.mark.parametrize(
    ("names", "trusts", "said"),
    [
        (("127.0.0.1",), False, "not accepted: unable to get local issuer certificate"),
        (("redis.lan",), True, "not accepted: IP address mismatch"),
    ],
)
def test_a_start_is_refused_at_once_and_says_what_is_wrong_with_the_certificate(
    contact: Use, names: tuple[str, ...], trusts: bool, said: str, tmp_path: Path
) -> None:
    with tls_front(tmp_path, names=names) as impostor:
        refusal = contact(impostor.url(trusting(impostor) if trusts else ""))
        assert said in refusal.reason
        assert "nothing was sent" in refusal.reason
        assert "the-password" not in refusal.reason
        assert impostor.received == b""


def test_a_whole_job_goes_over_tls(empty_redis_url: str, tmp_path: Path) -> None:
    with tls_front(tmp_path / "front", redis_url=empty_redis_url) as front:
        url = front.url(trusting(front))
        with worker(url, tmp_path):
            send(url, job("job-1", {}))
            assert results(empty_redis_url, 1)[0].job_id == "job-1"


@pytest.mark.parametrize("words", ["no certificate at all", None])
def test_a_file_that_the_url_names_and_that_is_none_is_a_mistake_in_the_settings(
    words: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "ca.crt"
    if words is not None:
        path.write_text(words)
    started = time.monotonic()
    refusal = process_refusal(f"rediss://:p@127.0.0.1:1/0?ssl_ca_certs={path}", as_worker=False)
    assert refusal is not None
    assert refusal.permanent
    assert str(path) in refusal.reason
    assert time.monotonic() - started < 5
