"""`python -m tests.chaos.hostile URL SECONDS MODEL`: does all that a worker's role permits and no worker does.

MODEL is a file with a message as the coordinator sends it.
"""

from __future__ import annotations

import copy
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import redis

from tasks.messages import JOBS_QUEUE, RESULTS_STREAM, WORKERS_KEY
from tests.chaos.rogue import forgeries
from tests.support.broken import BROKEN, text

Deed = Callable[[redis.Redis, Random], Any]
_LAST_ID = "18446744073709551615-18446744073709551615"
_BIG = "x" * 1_900_000


def take_jobs(client: redis.Redis, _rng: Random) -> None:
    """Take jobs and drop them."""
    client.brpop([JOBS_QUEUE], timeout=1)
    time.sleep(0.05)


def end_the_stream(client: redis.Redis, _rng: Random) -> None:
    """Use up the ids of the results stream."""
    client.xadd(RESULTS_STREAM, {"a": "b"}, id=_LAST_ID)
    time.sleep(1)


def delete_results(client: redis.Redis, _rng: Random) -> None:
    """Trim the stream to one entry."""
    client.xadd(RESULTS_STREAM, {"a": "b"}, maxlen=0, approximate=False)
    time.sleep(0.2)


def forge(client: redis.Redis, rng: Random) -> None:
    """Write entries that are not results."""
    pipeline = client.pipeline(transaction=False)
    for fields in forgeries(rng, [], 50):
        pipeline.xadd(RESULTS_STREAM, fields)  # type: ignore[arg-type]
    pipeline.execute()


def fill_memory(client: redis.Redis, _rng: Random) -> None:
    """Write twenty entries of two megabytes at once."""
    pipeline = client.pipeline(transaction=True)
    for _ in range(20):
        pipeline.xadd(RESULTS_STREAM, {"body": _BIG})
    pipeline.execute()


def send_rubbish(client: redis.Redis, rng: Random) -> None:
    """Queue messages that no coordinator sends, among them Celery's own tasks with their own limits."""
    for change in BROKEN.values():
        client.lpush(JOBS_QUEUE, text(change(copy.deepcopy(_model))))
    own = copy.deepcopy(_model)
    own["headers"] = own["headers"] | {"task": "celery.starmap", "timelimit": [3600, 3600]}
    client.lpush(JOBS_QUEUE, text(own))
    time.sleep(rng.uniform(0.05, 0.2))


def mark_nonsense(client: redis.Redis, rng: Random) -> None:
    """Mark messages as unacknowledged for a long time, although nobody took them."""
    tags = [str(UUID(int=rng.getrandbits(128))) for _ in range(50)]
    client.zadd("unacked_index", dict.fromkeys(tags, 0))
    client.hset("unacked", mapping=dict.fromkeys(tags, '["rubbish", "", ""]'))
    client.set("unacked_mutex", "")
    client.set(WORKERS_KEY, "nobody")
    time.sleep(0.1)


def tell_flower(client: redis.Redis, _rng: Random) -> None:
    """Publish events that are invalid."""
    client.publish("/0.celeryev/worker.heartbeat", "{")
    time.sleep(0.01)


DEEDS: tuple[Deed, ...] = (
    take_jobs,
    end_the_stream,
    delete_results,
    forge,
    fill_memory,
    send_rubbish,
    mark_nonsense,
    tell_flower,
)
_model: dict[str, Any] = {}


def _do(url: str, deed: Deed, until: float, seed: int) -> None:
    rng = Random(seed)
    client = redis.Redis.from_url(url, socket_timeout=15)
    while time.monotonic() < until:
        try:
            deed(client, rng)
        except redis.RedisError:
            # full, ended or busy: continue
            time.sleep(0.05)


def main(url: str, seconds: float, model: Path) -> None:
    """Do all of it at once, each action on its own thread and connection."""
    _model.update(json.loads(model.read_text(encoding="utf-8")))
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_do, args=(url, deed, until, seed)) for seed, deed in enumerate(DEEDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
