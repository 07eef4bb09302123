"""Passing a host its password and its key through Redis: the host can take them once, within a time limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import redis

from fleet.errors import ServiceError
from fleet.hosts.redis_acl import join_key_of_key
from tasks.broker.redis_client import redis_client
from tasks.messages import JOIN_KEY_PREFIX
from tasks.signing import WorkerKey
from tasks.text import sanitized

_TIMEOUT_S = 10.0
_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What an invited host gets."""

    #: of its user in Redis
    password: str = field(repr=False)
    #: None from a farm of a release before results were signed
    key: WorkerKey | None


def hand_over(redis_url: str, host: str, access: Access, valid_s: float) -> None:
    """Let `host` take its access for `valid_s` seconds. Raises ServiceError when Redis can't store it."""
    left_s = max(int(valid_s), 1)
    try:
        with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.set(JOIN_KEY_PREFIX + host, access.password, ex=left_s)
            pipeline.delete(join_key_of_key(host))
            if access.key is not None:
                pipeline.set(join_key_of_key(host), access.key.encode(), ex=left_s)
            pipeline.execute()
    except redis.RedisError as exc:
        raise ServiceError(f"Redis does not take the invitation of {host}: {sanitized(str(exc))[:_SHOWN]}") from exc


def take(guest_url: str, host: str) -> Access:
    """The access of the host, which is then deleted from Redis.

    Raises ServiceError when it is already gone, and when Redis refuses the guest or does not answer.
    """
    advice = f"have the host invited again by `docker/invite {host}`"
    try:
        with redis_client(guest_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.getdel(JOIN_KEY_PREFIX + host)
            pipeline.getdel(join_key_of_key(host))
            password, key = pipeline.execute(raise_on_error=False)
    except (redis.AuthenticationError, redis.ResponseError) as exc:
        raise ServiceError(f"Redis refuses this invitation: {sanitized(str(exc))[:_SHOWN]}; {advice}") from exc
    except redis.RedisError as exc:
        raise ServiceError(f"can't reach the farm's Redis: {sanitized(str(exc))[:_SHOWN]}") from exc
    if isinstance(password, redis.ResponseError):
        raise ServiceError(f"Redis refuses this invitation: {sanitized(str(password))[:_SHOWN]}; {advice}")
    if not isinstance(password, bytes):
        raise ServiceError(f"this invitation was used already, or is too old: {advice}")
    return Access(password=password.decode(errors="replace"), key=_key(key, advice))


def _key(value: Any, advice: str) -> WorkerKey | None:
    """The key that came with a password. A farm of a release before keys has none, and its Redis refuses to look."""
    if not isinstance(value, bytes):
        return None
    try:
        return WorkerKey.decode(value.decode(errors="replace"))
    except ValueError as exc:
        raise ServiceError(f"the key that came with this invitation {exc}; {advice}") from exc
