"""Flower's own connection for the lengths of queues, whose certificate is verified as in all other clients."""

from __future__ import annotations

from flower.utils.broker import RedisSsl
from redis import asyncio as redis

from tasks.broker.verified_tls import VerifiedAsyncConnection


def _client(broker: RedisSsl) -> redis.Redis:
    options = {name: value for name, value in broker._get_redis_client_args().items() if name != "ssl"}
    return redis.Redis.from_pool(redis.ConnectionPool(connection_class=VerifiedAsyncConnection, **options))


def verify_certificates() -> None:
    """Make Flower's connections by TLS trust the authority of the URL alone."""
    RedisSsl._get_redis_client = _client
