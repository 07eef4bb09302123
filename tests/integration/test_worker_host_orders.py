"""A real worker that the coordinator pauses, resumes and drains by what it keeps in a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from fleet.broker.host_orders import HostOrders
from fleet.broker.presence import has_sign
from tasks.broker.redis_client import redis_client
from tasks.messages import HOSTS_KEY, JOBS_QUEUE
from tests.support.processes import PATIENCE_S, eventually
from tests.support.workers import job, results, send, worker

LIGHT: dict[str, list[object]] = {"transactions": []}
#: a container's name: all of a host are that host
NAMED = {"FLEET_WORKER__NAME": "attic-0123456789ab"}


@contextmanager
def orders(redis_url: str) -> Iterator[HostOrders]:
    with redis_client(redis_url) as client:
        one = HostOrders(client)
        try:
            yield one
        finally:
            one.close()
            one.thread.join(PATIENCE_S)


def waits(client: redis.Redis, number: int) -> None:
    """Wait until no worker takes jobs and so many wait."""
    eventually("no sign that a worker takes jobs", lambda: has_sign(client) is False)
    eventually(f"{number} waiting jobs", lambda: client.llen(JOBS_QUEUE) == number)


def done(redis_url: str, *job_ids: str) -> None:
    found = {one.job_id for one in results(redis_url, len(job_ids))}
    assert found == set(job_ids)


def test_a_paused_host_takes_nothing_from_its_start_on_and_is_resumed_paused_and_drained(
    empty_redis_url: str, tmp_path: Path
) -> None:
    url = empty_redis_url
    with redis.Redis.from_url(url) as client, orders(url) as given:
        given.follow({"attic": "pause"})
        given.write()
        send(url, job("a", LIGHT), job("b", LIGHT))
        with worker(url, tmp_path, settings=NAMED) as process:
            process.says("the farm pauses this host")
            waits(client, 2)
            given.follow({"cellar": "drain"})
            process.says("the farm resumes this host")
            done(url, "a", "b")
            eventually("a sign that a worker takes jobs", lambda: has_sign(client))
            given.follow({"attic": "pause"})
            waits(client, 0)
            client.delete(HOSTS_KEY)
            send(url, job("c", LIGHT))
            eventually("the orders are there again", lambda: client.hget(HOSTS_KEY, "attic") == b"pause")
            waits(client, 1)
            given.follow({})
            done(url, "a", "b", "c")
            eventually("a sign that a worker takes jobs", lambda: has_sign(client))
            given.follow({"attic": "drain"})
            process.says("this worker has finished its jobs and ends")
            assert process.wait() == 0, process.words()
        with worker(url, tmp_path, settings=NAMED) as process:
            send(url, job("d", LIGHT))
            process.says("the farm drains this host")
            waits(client, 1)
            given.follow({})
            done(url, "a", "b", "c", "d")
            assert process.running


def test_a_drained_host_finishes_what_it_computes(empty_redis_url: str, tmp_path: Path) -> None:
    heavy = {"transactions": [{"amount": number % 977 + 0.25} for number in range(2_000)]}
    url = empty_redis_url
    with orders(url) as given, worker(url, tmp_path, settings=NAMED) as process:
        send(url, *(job(f"j{number}", heavy) for number in range(40)))
        results(url, 1)
        given.follow({"attic": "drain"})
        assert process.wait() == 0, process.words()
        with redis.Redis.from_url(url) as client:
            left = client.llen(JOBS_QUEUE) + client.hlen("unacked")
        computed = {one.job_id for one in results(url, 40 - int(left))}
        assert len(computed) + left == 40, "each job is computed, or waits for another host"
