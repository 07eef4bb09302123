"""kombu's way to Redis, with one client a channel."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from config.load import load
from tasks.app import make_app
from tasks.messages import JOBS_QUEUE
from tasks.transport import Channel

MESSAGES = 5


def test_one_client_sends_all_messages_of_a_channel_and_another_follows_a_lost_connection(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Channel] = []
    make: Any = Channel._create_client

    def counted(channel: Channel, **kwargs: Any) -> Any:
        if not kwargs:
            made.append(channel)
        return make(channel, **kwargs)

    monkeypatch.setattr(Channel, "_create_client", counted)
    app = make_app(load({"redis_url": redis_url}, environ={}), redis_url)
    with app.connection_for_write() as connection:
        assert connection.as_uri().startswith("redis://")
        producer = app.amqp.Producer(connection)
        for round_number in (1, 2):
            for _ in range(MESSAGES):
                app.send_task("neonet.inference", args=({},), queue=JOBS_QUEUE, producer=producer)
            assert len(made) == round_number
            connection.default_channel._disconnect_pools()
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen(JOBS_QUEUE) == 2 * MESSAGES
        client.delete(JOBS_QUEUE)


def test_a_client_that_is_given_is_used(redis_url: str) -> None:
    app = make_app(load({"redis_url": redis_url}, environ={}), redis_url)
    with app.connection_for_write() as connection, connection.default_channel.conn_or_acquire("another") as client:
        assert client == "another"
