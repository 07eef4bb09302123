"""Clients of the farm's Redis, which all read the URL and verify certificates in the same way."""

from __future__ import annotations

import ssl
from typing import Any

import redis

from config.redis_address import RedisAddress, read_redis_url
from tasks.broker.bounded_answers import bounded
from tasks.broker.verified_tls import VerifiedConnection

#: Longest answer that a client reads, in bytes. Parsed into objects, an answer takes up to ten times as much memory.
MOST_ANSWER_BYTES = 4 * 1024 * 1024


def redis_client(redis_url: str, *, connect_timeout_s: float = 3.0, timeout_s: float = 15.0) -> redis.Redis:
    """A client with time limits on all calls, bounded answers and no retries.

    Its calls raise AnswerTooLargeError, an error of redis-py's tree, for an answer over `MOST_ANSWER_BYTES`. Raises
    ValueError for a URL that `read_redis_url` rejects.
    """
    address = read_redis_url(redis_url)
    options = tls_options(address)
    kind = redis.Connection if options is None else VerifiedConnection
    pool = redis.ConnectionPool(
        connection_class=bounded(kind, MOST_ANSWER_BYTES),
        host=address.host,
        port=address.port,
        db=address.database,
        username=address.username,
        password=address.password,
        socket_keepalive=True,
        socket_connect_timeout=connect_timeout_s,
        socket_timeout=timeout_s,
        **(options or {}),
    )
    return redis.Redis.from_pool(pool)


def tls_options(address: RedisAddress) -> dict[str, Any] | None:
    """TLS options that make redis-py, kombu and Flower verify the server; None for plain text.

    Without them kombu would verify nothing.
    """
    tls = address.tls
    if tls is None:
        return None
    files = {"ssl_ca_certs": tls.ca_file, "ssl_certfile": tls.cert_file, "ssl_keyfile": tls.key_file}
    return {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": tls.check_hostname,
        **{name: path for name, path in files.items() if path is not None},
    }


def unusable_file(address: RedisAddress) -> str | None:
    """Which file in the URL can't be used, and why; None when all can."""
    tls = address.tls
    if tls is None:
        return None
    name, path = "ssl_ca_certs", tls.ca_file
    try:
        context = ssl.create_default_context(cafile=path)
        if tls.cert_file is not None:
            name, path = "ssl_certfile", tls.cert_file
            # without a password argument, OpenSSL would ask for one on the terminal
            context.load_cert_chain(tls.cert_file, tls.key_file, password="")
    except (OSError, ValueError) as exc:
        return f"{name}={path}: {getattr(exc, 'strerror', None) or exc}"
    return None
