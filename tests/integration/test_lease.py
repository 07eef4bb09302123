"""One coordinator on a Redis at a time, on a real one: who gets the lease, who is refused, who keeps it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest
import redis

from fleet.broker.lease import LEASE_TTL_MS, Lease, LeaseKeeper, LeaseLost
from fleet.errors import RedisHeld
from tasks.broker.redis_client import redis_client
from tasks.messages import COORDINATOR_KEY
from tests.support.processes import PATIENCE_S, eventually

Lost = SimpleQueue[LeaseLost]


def lease(url: str, seat: str = "boot:1:2", folder: str = "/farm") -> Lease:
    return Lease(redis_client(url), seat, folder)


@contextmanager
def kept(one: Lease) -> Iterator[Lost]:
    """The lease is renewed meanwhile; what its keeper tells."""
    lost: Lost = SimpleQueue()
    keeper = LeaseKeeper(one, lost.put)
    try:
        yield lost
    finally:
        keeper.close()


def held_by(url: str) -> bytes:
    with redis.Redis.from_url(url) as client:
        return client.get(COORDINATOR_KEY) or b""


def test_a_second_coordinator_is_refused_and_the_first_is_named(empty_redis_url: str) -> None:
    first = lease(empty_redis_url, folder="/farm-of-alice")
    first.claim()
    with kept(first) as lost:
        with pytest.raises(RedisHeld, match=r"coordinator \d+ on .+, of the state folder /farm-of-alice, since 20"):
            lease(empty_redis_url, seat="boot:1:3").claim()
        assert lost.empty()


def test_one_that_was_killed_is_replaced_at_once_by_the_holder_of_the_same_lock(empty_redis_url: str) -> None:
    lease(empty_redis_url).claim()
    started = time.monotonic()
    lease(empty_redis_url).claim()
    assert time.monotonic() - started < LEASE_TTL_MS / 2000, "it does not wait for the end of the lease"


def test_one_that_was_killed_is_replaced_by_another_farm_when_its_lease_ends(empty_redis_url: str) -> None:
    lease(empty_redis_url).claim()
    second = lease(empty_redis_url, seat="boot:1:3", folder="/farm-of-bob")
    second.claim()
    assert b"/farm-of-bob" in held_by(empty_redis_url)


def test_one_that_ended_in_order_is_replaced_at_once(empty_redis_url: str) -> None:
    first = lease(empty_redis_url)
    first.claim()
    first.release()
    assert held_by(empty_redis_url) == b""
    started = time.monotonic()
    lease(empty_redis_url, seat="boot:1:3").claim()
    assert time.monotonic() - started < LEASE_TTL_MS / 2000


def test_the_holder_takes_it_again_after_redis_was_emptied(empty_redis_url: str) -> None:
    first = lease(empty_redis_url, folder="/farm-of-alice")
    first.claim()
    with kept(first) as lost, redis.Redis.from_url(empty_redis_url) as client:
        client.flushall()
        eventually("the lease", lambda: b"/farm-of-alice" in held_by(empty_redis_url))
        with pytest.raises(RedisHeld):
            lease(empty_redis_url, seat="boot:1:3").claim()
        assert lost.empty()


def test_a_holder_whose_lease_another_one_got_hears_of_it(empty_redis_url: str) -> None:
    """Stopped for longer than the lease is good, as with a laptop's lid."""
    first = lease(empty_redis_url)
    first.claim()
    with redis.Redis.from_url(empty_redis_url) as client:
        client.delete(COORDINATOR_KEY)
    lease(empty_redis_url, seat="boot:1:3", folder="/farm-of-bob").claim()
    with kept(first) as lost:
        assert "/farm-of-bob" in lost.get(timeout=PATIENCE_S).holder
    first.release()
    assert b"/farm-of-bob" in held_by(empty_redis_url), "it gives back nothing that is another's"


def test_a_key_that_is_no_lease_is_waited_for_and_named_as_nobodys(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client:
        client.set(COORDINATOR_KEY, "rubbish \x1b[31m {", px=1500)
        lease(empty_redis_url).claim()
        client.set(COORDINATOR_KEY, "rubbish \x1b[31m {")
    with kept(lease(empty_redis_url)) as lost:
        assert lost.get(timeout=PATIENCE_S).holder == "another coordinator"


def test_without_redis_a_claim_is_put_off() -> None:
    lease("redis://127.0.0.1:1/0").claim()
