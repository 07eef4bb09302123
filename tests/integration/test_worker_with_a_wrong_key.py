"""A real worker whose key is not the farm's stops taking jobs, says so, and takes them again with the right key."""

from __future__ import annotations

from pathlib import Path

import redis

from fleet.broker.host_orders import HostOrders
from fleet.broker.presence import has_sign
from fleet.broker.worker_statements import stated_by_workers
from tasks.broker.redis_client import redis_client
from tasks.messages import JOBS_QUEUE
from tasks.signing import key_proof
from tests.support.processes import PATIENCE_S, eventually
from tests.support.signed import KEYS, key_of
from tests.support.workers import job, results, send, worker

LIGHT: dict[str, list[object]] = {"transactions": []}
RIGHT = key_proof(key_of("garage").result, KEYS.job)


def test_a_worker_with_a_wrong_key_takes_no_jobs_until_the_farm_has_its_key(
    empty_redis_url: str, tmp_path: Path
) -> None:
    url, settings = empty_redis_url, {"FLEET_WORKER__NAME": "garage", "FLEET_WORKER__KEY": key_of("garage").encode()}
    proofs = {"garage": "0" * len(RIGHT), "shed": RIGHT}
    with redis.Redis.from_url(url) as client, redis_client(url) as own:
        orders = HostOrders(own, lambda: proofs)
        try:
            orders.follow({})
            orders.write()
            with worker(url, tmp_path, settings=settings) as process:
                process.says("this host's key is not the farm's")
                eventually("no sign that a worker takes jobs", lambda: has_sign(client) is False)
                eventually("its statement", lambda: getattr(stated_by_workers(url).get("garage"), "wrong_key", False))
                send(url, job("a", LIGHT))
                proofs["garage"] = RIGHT
                process.says("the farm has this host's key again")
                assert [one.job_id for one in results(url, 1)] == ["a"]
                eventually("its statement", lambda: not getattr(stated_by_workers(url)["garage"], "wrong_key", True))
                # dismissed
                del proofs["garage"]
                eventually("no sign that a worker takes jobs", lambda: has_sign(client) is False)
                send(url, job("b", LIGHT))
                eventually("a job that waits", lambda: client.llen(JOBS_QUEUE) == 1)
                assert process.running
        finally:
            orders.close()
            orders.thread.join(PATIENCE_S)
