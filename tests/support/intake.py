"""The coordinator's intake on a real Redis, what it hands on, and what a worker writes for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import redis

from fleet.broker.result_signatures import ResultSignatures
from fleet.broker.results import BrokerState, Intake, Results
from tasks.broker.redis_client import redis_client
from tasks.messages import (
    RESULTS_STREAM,
    encode_computed,
)
from tests.support.processes import PATIENCE_S

Heard = SimpleQueue[Results | BrokerState]


@contextmanager
def intake(redis_url: str, check: ResultSignatures | None = None) -> Iterator[Heard]:
    """The coordinator's intake, and what it hands on; `check` says which results are signed."""
    received: Heard = SimpleQueue()
    client = redis_client(redis_url)
    one = Intake(client, received.put, signer_of=None if check is None else check.signer)
    try:
        yield received
    finally:
        one.close()
        # it reads for a second more: the next test's results are not its own
        for thread in threading.enumerate():
            if thread.name == "intake":
                thread.join(PATIENCE_S)
        client.close()


def put(redis_url: str, job_id: str, **changed: str) -> None:
    """What a worker writes for a computed job, or a rogue one instead."""
    body = json.dumps(encode_computed(result={"output_hash": "ab"}, kernel_version="7", compute_ms=1.0))
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(RESULTS_STREAM, {"task": job_id, "state": "SUCCESS", "worker": "w", "body": body} | changed)


def read(received: Heard, count: int) -> tuple[list[str], list[str], list[bytes]]:
    """Job ids, flaws and entry ids of the next `count` entries; news of Redis is passed over."""
    jobs: list[str] = []
    flaws: list[str] = []
    ids: list[bytes] = []
    while len(ids) < count:
        event = received.get(timeout=PATIENCE_S)
        if isinstance(event, Results):
            jobs += [message.job_id for message in event.messages]
            flaws += event.flaws
            ids += event.entries
    return jobs, flaws, ids


def news(received: Heard) -> BrokerState:
    """What is heard of Redis next; results are passed over."""
    while isinstance(event := received.get(timeout=PATIENCE_S), Results):
        pass
    return event
