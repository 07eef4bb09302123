"""What the farm's workers state of their release and their limits, for people who upgrade or look for a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import NoPermissionError

from fleet.broker.worker_slots import MOST_WORKERS
from fleet.errors import ServiceError
from tasks.broker.bounded_answers import AnswerTooLargeError
from tasks.broker.queue_lengths import queue_lengths
from tasks.broker.redis_client import redis_client
from tasks.broker.statement import Statement, parse_statement
from tasks.messages import RELEASE_KEY, SLOTS_KEY, STATEMENTS_KEY
from tasks.text import sanitized

_MOST_NAME_BYTES = 128
_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FarmInRedis:
    """What Redis holds of a farm."""

    #: what the last coordinator stated, None if none did
    coordinator: Statement | None
    #: as `worker_statements` returns it
    workers: Mapping[str, Statement | None] | None
    #: messages that wait for workers
    queued: int


def seen_in_redis(redis_url: str) -> FarmInRedis | None:
    """What this Redis holds of the farm; None where it can't be reached or refuses this user."""
    try:
        with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            stated: Any = client.get(RELEASE_KEY)
            return FarmInRedis(
                coordinator=None if stated is None else parse_statement(stated),
                workers=worker_statements(client),
                queued=sum(queue_lengths(client).values()),
            )
    except redis.RedisError:
        return None


def stated_by_workers(redis_url: str) -> dict[str, Statement | None]:
    """Worker → its statement, as `worker_statements` reads them. Raises ServiceError where they can't be read."""
    try:
        with redis_client(redis_url, timeout_s=_TIMEOUT_S) as client:
            found = worker_statements(client)
    except redis.RedisError as exc:
        raise ServiceError(f"Redis does not answer: {exc}") from exc
    if found is None:
        raise ServiceError("this user of Redis may not see what workers state: ask as the coordinator's user")
    return found


def worker_statements(client: redis.Redis) -> dict[str, Statement | None] | None:
    """Worker → its statement, None for a worker of a release that states none. Sorted by name.

    Workers are those with processes that the coordinator believes in; without a coordinator, one that ended counts for
    another minute. Returns None where Redis holds nonsense or grants no look. Raises redis-py's errors of a lost
    connection.
    """
    try:
        if int(client.hlen(SLOTS_KEY)) > MOST_WORKERS or int(client.hlen(STATEMENTS_KEY)) > MOST_WORKERS:
            return None
        here: Any = client.hgetall(SLOTS_KEY)
        stated: Any = client.hgetall(STATEMENTS_KEY)
    except (NoPermissionError, AnswerTooLargeError, redis.ResponseError):
        return None
    return {
        sanitized(name.decode(errors="replace")): parse_statement(stated.get(name, b""))
        for name in sorted(here)
        if len(name) <= _MOST_NAME_BYTES
    }
