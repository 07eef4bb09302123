"""Passing a host its password through Redis: the host can take it once, within a time limit."""

from __future__ import annotations

import redis

from fleet.errors import ServiceError
from tasks.broker.redis_client import redis_client
from tasks.messages import JOIN_KEY_PREFIX
from tasks.text import sanitized

_TIMEOUT_S = 10.0
_SHOWN = 200


def hand_over(redis_url: str, host: str, password: str, valid_s: float) -> None:
    """Let `host` take its workers' password for `valid_s` seconds. Raises ServiceError when Redis can't store it."""
    try:
        with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            client.set(JOIN_KEY_PREFIX + host, password, ex=max(int(valid_s), 1))
    except redis.RedisError as exc:
        raise ServiceError(f"Redis does not take the invitation of {host}: {sanitized(str(exc))[:_SHOWN]}") from exc


def take(guest_url: str, host: str) -> str:
    """The workers' password of the host, which is then deleted from Redis.

    Raises ServiceError when it is already gone, and when Redis refuses the guest or does not answer.
    """
    advice = f"have the host invited again by `docker/invite {host}`"
    try:
        with redis_client(guest_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            password = client.getdel(JOIN_KEY_PREFIX + host)
    except (redis.AuthenticationError, redis.ResponseError) as exc:
        raise ServiceError(f"Redis refuses this invitation: {sanitized(str(exc))[:_SHOWN]}; {advice}") from exc
    except redis.RedisError as exc:
        raise ServiceError(f"can't reach the farm's Redis: {sanitized(str(exc))[:_SHOWN]}") from exc
    if not isinstance(password, bytes):
        raise ServiceError(f"this invitation was used already, or is too old: {advice}")
    return password.decode(errors="replace")
