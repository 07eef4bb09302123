"""The Redis of the tests is a real one that asks for its password."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def test_it_answers_on_loopback_and_keeps_what_it_is_told(empty_redis_url: str) -> None:
    assert urlsplit(empty_redis_url).hostname == "127.0.0.1"
    with redis.Redis.from_url(empty_redis_url) as client:
        assert client.dbsize() == 0
        client.set("key", "value")
        assert client.get("key") == b"value"


def test_it_refuses_whoever_has_no_password(redis_url: str) -> None:
    parts = urlsplit(redis_url)
    with (
        # Without this, redis-py tries again for seconds.
        redis.Redis(host="127.0.0.1", port=parts.port or 0, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
