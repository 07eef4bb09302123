"""Marks of messages that workers took, as somebody with a worker's password forges them."""

from __future__ import annotations

import json

import pytest
import redis

from config.settings import Settings
from fleet.broker.results import Intake
from tasks.broker.redis_client import redis_client
from tasks.messages import JOBS_QUEUE, RESULTS_STREAM
from tasks.worker.app import make_app
from tests.integration.test_role_of_a_worker import farm
from tests.integration.test_tampering import emptied
from tests.support.intake import Heard
from tests.support.processes import PATIENCE_S
from tests.support.role_redis import RoleRedis
from tests.support.workers import job, send

__all__ = ["farm"]

#: what is stored beside a tag: a message, its exchange and its routing key
_FORGED = (
    [{}, "", RESULTS_STREAM],
    [{}, "reply.celery.pidbox", "x"],
    [{}, "neonet", "x"],
    [[], "", JOBS_QUEUE],
    [None, None, None],
    "rubbish",
)


@pytest.mark.parametrize("forged", _FORGED, ids=json.dumps)
def test_no_forged_mark_keeps_a_genuine_message_from_being_given_back(forged: object, farm: RoleRedis) -> None:
    """A mark that names a key which the role may not write to ended each sweep before the marks behind it."""
    send(farm.url("coordinator"), job("job-1", {}))
    with farm.root() as client, make_app(Settings(), farm.url("worker")) as app:
        genuine = json.loads(client.rpop(JOBS_QUEUE) or b"")
        client.zadd("unacked_index", {"first": 0, "second": 1})
        client.hset("unacked", mapping={"first": json.dumps(forged), "second": json.dumps([genuine, "", JOBS_QUEUE])})
        with app.connection_for_read() as connection:
            connection.default_channel.qos.restore_visible()
            connection.default_channel.qos.try_write()
        waiting = [json.loads(text) for text in client.lrange(JOBS_QUEUE, 0, -1)]
        assert [one["body"] for one in waiting if isinstance(one, dict) and "body" in one] == [genuine["body"]]
        assert client.zcard("unacked_index") == client.hlen("unacked") == 0


def test_more_marks_than_the_farm_has_jobs_are_removed(empty_redis_url: str) -> None:
    """Workers look through a hundred of the oldest at a time, and would need hours for a million."""
    tags = [f"tag-{number}" for number in range(2_000)]
    received = Heard()
    with redis.Redis.from_url(empty_redis_url) as client, redis_client(empty_redis_url) as reader:
        client.zadd("unacked_index", dict.fromkeys(tags, 0))
        client.hset("unacked", mapping=dict.fromkeys(tags, "[]"))
        one = Intake(reader, received.put, most_jobs=256)
        try:
            assert "2000 messages in Redis were marked as taken, more than this farm sends" in emptied(received).reason
            assert client.exists("unacked", "unacked_index") == 0
        finally:
            one.close()
            one.thread.join(PATIENCE_S)
