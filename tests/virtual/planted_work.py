"""Deliberate bugs in how the pauses of hosts and job types are followed."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any

import redis

from fleet.broker.host_orders import OrdersInRedis
from fleet.coordinator.scheduling.workforce import Workforce
from fleet.domain.effects import Dispatch
from tasks.messages import HOSTS_KEY
from tests.virtual.planted_bug import Planted

_write, _order = OrdersInRedis.write, Workforce.order


def _writes_orders_once(self: OrdersInRedis) -> None:
    wanted = self._wanted
    _write(self)
    if self._wanted is wanted:
        self._wanted = None


def _takes_no_order_back(self: OrdersInRedis) -> None:
    if self._wanted is not None:
        with contextlib.suppress(redis.RedisError):
            pipeline = self._client.pipeline(transaction=True)
            pipeline.hset(HOSTS_KEY, mapping=dict[Any, Any](self._wanted))
            pipeline.execute()


def _dispatches_paused_types(self: Workforce, dispatch: Dispatch, now: float) -> Dispatch | None:
    paused, self.paused_types = self.paused_types, frozenset()
    try:
        return _order(self, dispatch, now)
    finally:
        self.paused_types = paused


def _forgets_the_held_jobs(self: Workforce, job_types: Collection[str]) -> list[Dispatch]:
    self.paused_types = frozenset(job_types)
    return []


OF_WORK = (
    Planted(
        name="writes hosts' orders to Redis once",
        owner=OrdersInRedis,
        attribute="write",
        bug=_writes_orders_once,
        seed=151,
        later=True,
    ),
    Planted(
        name="takes no host's order back",
        owner=OrdersInRedis,
        attribute="write",
        bug=_takes_no_order_back,
        seed=1,
        later=True,
    ),
    Planted(
        name="dispatches jobs of paused types",
        owner=Workforce,
        attribute="order",
        bug=_dispatches_paused_types,
        seed=1,
        later=True,
    ),
    Planted(
        name="forgets the jobs of a type that is resumed",
        owner=Workforce,
        attribute="pause_types",
        bug=_forgets_the_held_jobs,
        seed=1,
        later=True,
    ),
)
