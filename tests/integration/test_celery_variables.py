"""A worker beside another program that uses Celery reads its own queue, whatever that program's variables say."""

from __future__ import annotations

from pathlib import Path

from tasks.messages import Outcome
from tests.support.workers import job, results, send, worker

_FOREIGN = dict.fromkeys(
    ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL", "CELERY_RESULT_BACKEND"),
    "redis://127.0.0.1:1/0",
) | {"CELERY_LOADER": "another.program:Loader", "CELERY_CONFIG_MODULE": "another.program.settings"}


def test_a_worker_takes_jobs_from_its_own_redis(empty_redis_url: str, tmp_path: Path) -> None:
    with worker(empty_redis_url, tmp_path, settings=_FOREIGN):
        send(empty_redis_url, job("job-own", {"transactions": []}))
        [end] = results(empty_redis_url, 1)
    assert end.outcome is Outcome.COMPUTED
