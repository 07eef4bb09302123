"""Keeps in Redis what worker hosts read there: their orders, and which key is theirs, also after Redis was emptied."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import redis

from fleet.threads import Progress, WatchedThread
from tasks.broker.host_orders import KEY_PREFIX, KEYS_STATED
from tasks.jobtypes import LEVELS
from tasks.messages import HOSTS_KEY, HOSTS_STATED

#: seconds between two looks at what Redis has
_LOOK_S = 1.0
#: a hanging Redis blocks the thread for 15 s at a time
_PATIENCE_S = 60.0


class OrdersInRedis:
    """The orders and the hosts' keys as they are to stand in Redis, and the writing of them."""

    def __init__(self, client: redis.Redis, proofs: Callable[[], Mapping[str, str]] | None = None) -> None:
        """`proofs` show each host's workers whether their key is the right one; None where nothing is signed."""
        self._client, self._proofs = client, proofs
        #: what is to be there; None until the first orders are given
        self._wanted: Mapping[bytes, bytes] | None = None
        #: level of the highest class whose jobs every host may take
        self._open = LEVELS[0]

    def follow(self, orders: Mapping[str, str]) -> None:
        """Have these orders written by the next `write`: host → `pause` or `drain`."""
        stated = {HOSTS_STATED.encode(): b"%d" % self._open}
        self._wanted = stated | {host.encode(): order.encode() for host, order in orders.items()}

    def open_to_all(self, level: int) -> None:
        """Let the next `write` state that every host may take jobs up to the class of this level."""
        self._open = level
        if self._wanted is not None:
            self._wanted = {**self._wanted, HOSTS_STATED.encode(): b"%d" % level}

    def write(self) -> None:
        """Write the orders, unless Redis has them. Does nothing if it does not answer, or takes no writes."""
        if self._wanted is None:
            return
        wanted = {**self._wanted, **self._keys()}
        with contextlib.suppress(redis.RedisError):
            if self._client.hgetall(HOSTS_KEY) != wanted:
                pipeline = self._client.pipeline(transaction=True)
                pipeline.delete(HOSTS_KEY)
                pipeline.hset(HOSTS_KEY, mapping=dict[Any, Any](wanted))
                pipeline.execute()

    def _keys(self) -> dict[bytes, bytes]:
        if self._proofs is None:
            return {}
        proofs = {f"{KEY_PREFIX}{host}".encode(): proof.encode() for host, proof in self._proofs().items()}
        return {KEYS_STATED.encode(): b"1", **proofs}


class HostOrders(OrdersInRedis):
    """Writes the orders as soon as they change, and again whenever Redis has others, on its own thread."""

    def __init__(self, client: redis.Redis, proofs: Callable[[], Mapping[str, str]] | None = None) -> None:
        super().__init__(client, proofs)
        self._lock = threading.Lock()
        self._due, self._stop = threading.Event(), threading.Event()
        self.thread = WatchedThread("host orders", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread soon. The orders stay in Redis."""
        self._stop.set()
        self._due.set()

    def follow(self, orders: Mapping[str, str]) -> None:
        """Have these orders written soon."""
        with self._lock:
            super().follow(orders)
        self._due.set()

    def open_to_all(self, level: int) -> None:
        """Have it written soon, if it differs. Called from another thread than `follow`."""
        with self._lock:
            if level == self._open:
                return
            super().open_to_all(level)
        self._due.set()

    def _run(self, progress: Progress) -> None:
        while not self._stop.is_set():
            progress.beat()
            self.write()
            self._due.wait(_LOOK_S)
            self._due.clear()
