"""The key that a worker host signs its results with: whether the coordinator has the same one."""

from __future__ import annotations

from collections.abc import Iterator

import redis

from config.settings import Settings
from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from tasks.broker.host_orders import KEY_PREFIX, KEYS_STATED, key_is_wrong
from tasks.broker.redis_client import redis_client
from tasks.messages import HOSTS_KEY, HOSTS_STATED
from tasks.signing import WorkerKey, key_proof

_TIMEOUT_S = 3.0


def key_diagnoses(settings: Settings) -> Iterator[Diagnosis]:
    """Compares the key in these settings with what the coordinator states of it in Redis."""
    if settings.redis_url is None:
        yield not_checked("key", "this host has joined no farm")
        return
    key = None if settings.worker.key is None else WorkerKey.decode(settings.worker.key.get_secret_value())
    yield judged_key(key, _stated(settings.redis_url.get_secret_value(), "" if key is None else key.host))


def _stated(redis_url: str, host: str) -> object:
    """What the coordinator states of this host's key; None where Redis does not say it."""
    try:
        with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            return client.hmget(HOSTS_KEY, (HOSTS_STATED, KEYS_STATED, KEY_PREFIX + host))
    except redis.RedisError:
        return None


def judged_key(key: WorkerKey | None, answer: object) -> Diagnosis:
    """Whether the key of a worker host is the coordinator's, by what that states of it in Redis.

    `answer` is as `key_is_wrong` takes it, None where Redis did not say it.
    """
    subject = "key"
    if not isinstance(answer, list):
        return not_checked(subject, "Redis does not say what the coordinator states of this host's key")
    _, stated, _ = answer
    if stated is None:
        return not_checked(subject, "no coordinator of this release states the keys of hosts in this Redis")
    again = "have this host invited again by `docker/invite`, and start its workers with the new key"
    if key is None:
        return warn(subject, "this host has none, so its results are not signed, and may be refused", again)
    if key_is_wrong(answer, key_proof(key.result, key.job), before=False):
        words = f"the key of host {key.host} here is not the one that the coordinator has, which drops its results"
        return fail(subject, words, again)
    return ok(subject, f"the coordinator has the same key for host {key.host}")
