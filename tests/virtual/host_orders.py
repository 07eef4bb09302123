"""The farm's orders for worker hosts under virtual time: a coordinator writes them to Redis, and hosts read them.

What is written, how an answer is read and when workers count as gone are decided by the real code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import redis as redis_py

from fleet.broker.host_orders import OrdersInRedis
from fleet.broker.presence import PresenceDetector, Workers
from fleet.coordinator.inbox import Inbox
from tasks.broker.host_orders import order_of
from tasks.broker.presence import SIGN_S
from tasks.host.pausing import DRAIN
from tasks.messages import HOSTS_STATED, WORKERS_KEY_TTL_MS
from tests.virtual.broker import HOP_S, Redis
from tests.virtual.timeline import Timeline
from tests.virtual.worker_host import WorkerHost

#: seconds between two looks of a coordinator at Redis
LOOK_S = 1.0
#: after this many seconds, what a coordinator orders counts on every host
FOLLOWED_S = LOOK_S + SIGN_S + 1.0


class Hosts:
    """Has each host look for its order every two seconds, and say that it takes jobs, if it does."""

    def __init__(self, redis: Redis, timeline: Timeline, restarts: tuple[float, ...]) -> None:
        self._redis, self._timeline = redis, timeline
        for number, host in enumerate(redis.hosts):
            host.order = None
            timeline.after(number * SIGN_S / len(redis.hosts), self._looking(host))
        for moment in restarts:
            timeline.at(moment, self._restart)

    def _looking(self, host: WorkerHost) -> Callable[[], None]:
        def look() -> None:
            self._timeline.after(SIGN_S, look)
            if self._redis.up:
                self._look(host)

        return look

    def _look(self, host: WorkerHost) -> None:
        before, stated = host.order, self._redis.orders
        answer = [stated.get(HOSTS_STATED.encode()), stated.get(host.name.encode())]
        host.order = order_of(answer, before)
        host.ends = host.ends or host.order != DRAIN
        if host.order == DRAIN and host.ends and host.free == host.processes:
            # it is started again, and reads the order as if for the first time
            host.order, host.ends = None, False
        if host.order == "":
            self._redis.sign_until = self._timeline.now + WORKERS_KEY_TTL_MS / 1000
            self._redis.work()
        if host.order != before:
            self._timeline.trace(f"{host.name} reads the order {host.order!r}")

    def _restart(self) -> None:
        """All workers end in order, and start again."""
        for host in self._redis.hosts:
            host.order, host.ends = None, False
        self._redis.on_trouble()


class HostLink:
    """A coordinator's threads that write orders and look for workers."""

    def __init__(self, redis: Redis, timeline: Timeline, inbox: Inbox, alive: Callable[[], bool]) -> None:
        self._redis, self._timeline, self._inbox, self._alive = redis, timeline, inbox, alive
        self._orders = OrdersInRedis(_Client(redis))  # type: ignore[arg-type]  # the few commands that it needs
        self._detector = PresenceDetector()
        timeline.after(HOP_S, self._look)

    def follow(self, orders: Mapping[str, str]) -> None:
        """Have these orders written at once."""
        self._orders.follow(orders)
        self._timeline.after(HOP_S, self._write)

    def _write(self) -> None:
        if self._alive():
            self._orders.write()

    def _look(self) -> None:
        if not self._alive():
            return
        self._timeline.after(LOOK_S, self._look)
        self._orders.write()
        sign = self._redis.sign_until > self._timeline.now if self._redis.up else None
        if self._detector.look(sign, self._timeline.now):
            self._inbox.put(Workers(present=bool(self._detector.present)))


class _Client:
    """The commands of a client of Redis that orders need."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def hgetall(self, _key: str) -> dict[bytes, bytes]:
        if not self._redis.up:
            raise redis_py.ConnectionError("down")
        return dict(self._redis.orders)

    def pipeline(self, *, transaction: bool) -> _Client:
        assert transaction
        return self

    def delete(self, _key: str) -> None:
        self._redis.orders.clear()

    def hset(self, _key: str, mapping: dict[Any, Any]) -> None:
        self._redis.orders.update(mapping)

    def execute(self) -> None:
        """Nothing is left to do: no time passes between the commands."""
