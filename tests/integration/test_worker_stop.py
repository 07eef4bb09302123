"""A worker that is asked to end does so within its grace, though Redis takes no result any more."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.support.processes import eventually, nothing_left
from tests.support.redis_server import Mortal, binary
from tests.support.workers import POISONED, job, send, worker

#: two seconds of the kernel's time limit, and what a hanging Redis costs at most
_GRACE_S = 45.0
_LIMITS = {
    "FLEET_WORKER__CONCURRENCY": "1",
    "FLEET_WORKER__SOFT_TIME_LIMIT_S": "4",
    "FLEET_WORKER__TIME_LIMIT_S": "5",
}


def _server(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


LOSSES: dict[str, Callable[[int], None]] = {
    "killed": lambda pid: os.kill(pid, signal.SIGKILL),
    "silent": lambda pid: os.kill(pid, signal.SIGSTOP),
}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("poison", ["linger", "cling", "die"])
def test_a_worker_ends_at_sigterm_though_the_end_of_its_job_can_not_be_stored(
    tmp_path: Path, loss: str, poison: str
) -> None:
    begun = tmp_path / "begun"
    mortal = Mortal(binary(), tmp_path)
    with mortal as url, worker(url, tmp_path, argv=POISONED, settings=_LIMITS) as process:
        data = {"poison": poison, "begun": str(begun), "seconds": 2}
        if poison == "linger":
            send(url, job("job-1", data))
            eventually("the job's begin", begun.exists)
        else:
            # its end comes from the worker's main process
            send(url, job("job-1", {"poison": "linger", "begun": str(begun), "seconds": 2}), job("job-2", data))
            eventually("the job's begin", begun.exists)
        pid = _server(url)
        LOSSES[loss](pid)
        # the kernel is done, its result is tried to be stored
        time.sleep(4)
        asked_at = time.monotonic()
        process.send(signal.SIGTERM)
        process.wait(_GRACE_S + 40)
        nothing_left(process)
        took_s = time.monotonic() - asked_at
        if loss == "silent":
            os.kill(pid, signal.SIGCONT)
    assert took_s < _GRACE_S, process.words()
