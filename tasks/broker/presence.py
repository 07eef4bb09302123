"""A worker's sign in Redis that it takes jobs, its busy processes and its release, renewed while its loop runs.

The same round trip reads what the coordinator orders its host, whether the coordinator signs its jobs, and whether it
has this host's key. The worker takes no jobs before that.

All workers share the key of the sign, which Redis deletes once the last of them is gone. No worker's clock is involved.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import replace
from typing import Any

import redis
from celery import bootsteps
from celery.worker import state

from tasks.broker.host_orders import KEY_PREFIX, KEYS_STATED, key_is_wrong, open_level_of, order_of
from tasks.broker.redis_client import redis_client
from tasks.broker.repeating_step import RepeatingStep
from tasks.broker.signing_coordinator import coordinator
from tasks.broker.slots import Slots
from tasks.broker.statement import Statement
from tasks.host.host_names import host_of
from tasks.host.pausing import WRONG_KEY, pausing
from tasks.host.vital import start as start_vital
from tasks.messages import (
    HOSTS_KEY,
    HOSTS_STATED,
    RELEASE_KEY,
    SLOTS_KEY,
    STATEMENTS_KEY,
    WORKERS_KEY,
    WORKERS_KEY_TTL_MS,
)
from tasks.signing import WorkerKey, key_proof
from tasks.text import sanitized

#: seconds between two signs
SIGN_S = 2.0
#: how long Redis keeps the statements of workers that are all gone, in milliseconds
_SLOTS_TTL_MS = 60_000
_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)


class Presence:
    """Writes the sign in its own thread, since a Redis that hangs must not block the consumer's loop."""

    def __init__(self, redis_url: str, name: str, statement: Statement, key: WorkerKey | None) -> None:
        self._redis_url = redis_url
        self._name, self._host = name, host_of(sanitized(name))
        self._statement = statement
        self._proof = "" if key is None else key_proof(key.result, key.job)
        self._key_fields = (HOSTS_STATED, KEYS_STATED, KEY_PREFIX + ("" if key is None else key.host))
        self._due = threading.Event()
        self._begun = False
        self._number = 0
        self._slots = Slots(processes=0, held=0, number=0)

    def sign(self, processes: int) -> None:
        """Write the sign soon, and how many messages are held now: that many of the pool's processes are busy."""
        self._slots = Slots(processes=processes, held=len(state.reserved_requests), number=0)
        if not self._begun:
            # only after the pool has forked, since the pool's processes would not have the thread
            self._begun = True
            start_vital("presence", self._run)
        self._due.set()

    def _run(self) -> None:
        with redis_client(self._redis_url, timeout_s=_TIMEOUT_S) as client:
            while self._due.wait():
                self._due.clear()
                # the next try is in two seconds
                with contextlib.suppress(redis.RedisError):
                    self._write(client)

    def _write(self, client: redis.Redis) -> None:
        """One round trip; a Redis user of an older release may do no more than write the sign."""
        before = pausing.order
        self._number += 1
        slots = replace(self._slots, number=self._number)
        if pausing.reason:
            slots = replace(slots, processes=0)
        pipeline = client.pipeline(transaction=False)
        pipeline.hmget(HOSTS_KEY, (HOSTS_STATED, self._host))
        pipeline.hmget(HOSTS_KEY, self._key_fields)
        if not pausing.reason:
            pipeline.set(WORKERS_KEY, self._name, px=WORKERS_KEY_TTL_MS)
        # first what it is, then that it is there
        statement = replace(self._statement, pauses=pausing.known, wrong_key=pausing.wrong_key)
        pipeline.hset(STATEMENTS_KEY, self._name, statement.encode())
        pipeline.pexpire(STATEMENTS_KEY, _SLOTS_TTL_MS)
        pipeline.hset(SLOTS_KEY, self._name, slots.encode())
        pipeline.pexpire(SLOTS_KEY, _SLOTS_TTL_MS)
        pipeline.get(RELEASE_KEY)
        order, proven, *_, stated = pipeline.execute(raise_on_error=False)
        coordinator.read(stated)
        pausing.order = order_of(order, before)
        pausing.open_level = open_level_of(order, pausing.open_level)
        changed = self._look_at_key(proven) or pausing.order != before
        if changed:
            # the sign of a host that is resumed is due at once
            self._due.set()

    def _look_at_key(self, answer: object) -> bool:
        """Pause while this worker's key is not the farm's. Returns whether that has changed."""
        before = pausing.wrong_key
        if self._proof:
            pausing.wrong_key = key_is_wrong(answer, self._proof, before=before)
        if pausing.wrong_key and not before:
            _log.error("%s", WRONG_KEY)
        elif before and not pausing.wrong_key:
            _log.warning("the farm has this host's key again")
        return pausing.wrong_key != before


def presence_step(
    redis_url: str, name: str, statement: Statement, key: WorkerKey | None = None
) -> type[bootsteps.StartStopStep]:
    """A step of a worker's consumer that signs as soon as it is connected, and every two seconds after that."""
    presence = Presence(redis_url, name, statement, key)

    class PresenceStep(RepeatingStep):
        def start(self, consumer: Any) -> None:
            processes = consumer.pool.num_processes
            presence.sign(processes)
            self.repeat(consumer, SIGN_S, presence.sign, processes)

        def info(self, _consumer: Any) -> dict[str, Any]:
            """What Flower shows on the worker's page beside Celery's own figures."""
            return {} if statement.host is None else {"host": statement.host.shown()}

    return PresenceStep
