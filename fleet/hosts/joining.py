"""The password of a host that was invited, laid into Redis until the host takes it: once, and not for ever."""

from __future__ import annotations

import redis

from fleet.errors import ServiceError
from tasks.broker.redis_client import redis_client
from tasks.messages import JOIN_KEY_PREFIX
from tasks.text import plain

_TIMEOUT_S = 10.0
_SHOWN = 200


def hand_over(redis_url: str, host: str, password: str, valid_s: float) -> None:
    """Let `host` take the password of its workers for `valid_s` seconds. Raises ServiceError where Redis does not."""
    try:
        with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            client.set(JOIN_KEY_PREFIX + host, password, ex=max(int(valid_s), 1))
    except redis.RedisError as exc:
        raise ServiceError(f"Redis does not take the invitation of {host}: {plain(str(exc))[:_SHOWN]}") from exc


def take(guest_url: str, host: str) -> str:
    """The password of the host's workers, which is gone from Redis then.

    Raises ServiceError where it is gone already, and where Redis refuses the guest or does not answer.
    """
    advice = f"have the host invited again by `docker/invite {host}`"
    try:
        with redis_client(guest_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            password = client.getdel(JOIN_KEY_PREFIX + host)
    except (redis.AuthenticationError, redis.ResponseError) as exc:
        raise ServiceError(f"Redis refuses this invitation: {plain(str(exc))[:_SHOWN]}; {advice}") from exc
    except redis.RedisError as exc:
        raise ServiceError(f"can't reach the farm's Redis: {plain(str(exc))[:_SHOWN]}") from exc
    if not isinstance(password, bytes):
        raise ServiceError(f"this invitation was used already, or is too old: {advice}")
    return password.decode(errors="replace")
