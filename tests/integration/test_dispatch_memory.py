"""How much memory the dispatcher takes to send the largest jobs that a server may give."""

from __future__ import annotations

import tracemalloc

import redis

from tasks.data_size import MAX_DATA_BYTES
from tasks.messages import JOBS_QUEUE
from tests.support.processes import PATIENCE_S
from tests.support.workers import dispatcher, job

_JOBS = 100
_MIB = 1024 * 1024


def test_the_largest_jobs_are_sent_in_round_trips_of_bounded_size(empty_redis_url: str) -> None:
    """A hundred of them took 70 MiB in one pipeline."""
    orders = [job(f"job-{number}", {"x": "y" * (MAX_DATA_BYTES - 100)}) for number in range(_JOBS)]
    with dispatcher(empty_redis_url) as (one, stated):
        one.dispatch(job("job-first", {}))
        stated.get(timeout=PATIENCE_S)
        tracemalloc.start()
        try:
            for order in orders:
                one.dispatch(order)
            assert all(stated.get(timeout=PATIENCE_S).published for _ in orders)
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    with redis.Redis.from_url(empty_redis_url) as client:
        assert client.llen(JOBS_QUEUE) == _JOBS + 1
    assert peak_bytes < 16 * _MIB
