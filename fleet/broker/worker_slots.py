"""Reads which workers are there and how many of their processes are free, as they state it in Redis.

A worker can state what it likes, also of others, so the figures are displayed and nothing is decided by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import redis
from redis.exceptions import NoPermissionError

from tasks.broker.bounded_answers import AnswerTooLargeError
from tasks.broker.slots import Slots, parse_slots
from tasks.host.host_names import host_of
from tasks.messages import SLOTS_KEY, STATEMENTS_KEY
from tasks.text import sanitized

#: seconds after which a statement that is not renewed is dropped; workers renew it every two
_GONE_S = 6.0
#: most workers that are believed; beyond it somebody invents them
MOST_WORKERS = 4_096
_MOST_NAME_BYTES = 128


class WorkerSlots:
    """Free and busy processes by host, from the newest statement of each worker. Times are monotonic seconds."""

    def __init__(self) -> None:
        #: free and busy processes by host; None while Redis does not answer
        self.free: Mapping[str, int] | None = None
        self.busy: Mapping[str, int] | None = None
        #: whether workers are there, and every one of them pauses, by an order or by limits of its host
        self.all_pause = False
        #: free processes of each worker that takes jobs; None while Redis does not answer
        self.taking: Mapping[str, int] | None = None
        #: worker → its statement, and when it was first seen
        self._seen: dict[bytes, tuple[Slots, float]] = {}

    def hear(self, stated: Mapping[bytes, bytes], now: float) -> tuple[bytes, ...]:
        """Take over all statements. Returns the workers whose statement is old or unreadable, to be removed."""
        seen: dict[bytes, tuple[Slots, float]] = {}
        useless = []
        for worker, text in stated.items():
            slots, before = parse_slots(text), self._seen.get(worker)
            if slots is None or len(worker) > _MOST_NAME_BYTES:
                useless.append(worker)
                continue
            seen[worker] = before if before is not None and before[0].number == slots.number else (slots, now)
            if now - seen[worker][1] > _GONE_S:
                useless.append(worker)
        free, busy, living = Counter[str](), Counter[str](), seen.keys() - set(useless)
        self.all_pause = bool(living) and not any(seen[worker][0].processes for worker in living)
        self.taking = {_shown(worker): seen[worker][0].free for worker in living if seen[worker][0].processes}
        for worker in living:
            host = host_of(_shown(worker))
            free[host] += seen[worker][0].free
            busy[host] += seen[worker][0].busy
        self._seen, self.free, self.busy = seen, free, busy
        return tuple(useless)

    def look(self, client: redis.Redis | None, now: float) -> None:
        """Read the statements, and remove those that are of no use. `client` is None while Redis does not answer."""
        if client is None:
            self._forget()
            return
        try:
            for key in (SLOTS_KEY, STATEMENTS_KEY):
                if int(client.hlen(key)) > MOST_WORKERS:
                    client.delete(key)
            stated: Any = client.hgetall(SLOTS_KEY)
            useless = self.hear(stated, now)
            if useless:
                client.hdel(SLOTS_KEY, *useless)
                client.hdel(STATEMENTS_KEY, *useless)
        except NoPermissionError:
            # the Redis user of an older release
            self._forget()
        except (AnswerTooLargeError, redis.ResponseError):
            self._clear(client)
        except redis.RedisError:
            self._forget()

    def _forget(self) -> None:
        """Nothing is known while Redis does not say it."""
        self.free = self.busy = self.taking = None
        self.all_pause = False

    def _clear(self, client: redis.Redis) -> None:
        """Remove what no worker of this release wrote, e.g. a key of another type."""
        self._forget()
        try:
            client.delete(SLOTS_KEY, STATEMENTS_KEY)
        except redis.RedisError:
            return


def _shown(worker: bytes) -> str:
    return sanitized(worker.decode(errors="replace"))
