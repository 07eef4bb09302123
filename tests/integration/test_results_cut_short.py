"""A worker whose pool and main process, or whose results and Redis, no longer understand each other."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from tasks.host.vital import EXIT_CODE
from tasks.messages import JOBS_QUEUE, RESULTS_STREAM, Outcome
from tests.support.processes import Started, eventually, nothing_left
from tests.support.redis_server import empty_database
from tests.support.workers import POISONED, entries, job, results, send, worker

LIMITS = {"FLEET_WORKER__SOFT_TIME_LIMIT_S": "1", "FLEET_WORKER__TIME_LIMIT_S": "30"}
_CELERYS_FAILURE = 1
_LAST_ID = "18446744073709551615-18446744073709551615"


@pytest.fixture
def own_url(redis_url: str) -> str:
    """An empty Redis database."""
    return empty_database(redis_url, 1)


def result_pipes(child: psutil.Process, parent: psutil.Process) -> Iterator[Path]:
    """The ends of pipes that a pool process writes to and its main process reads from."""
    read = {inode for inode, writes, _ in _pipes(parent) if not writes}
    return (path for inode, writes, path in _pipes(child) if writes and inode in read)


def _pipes(process: psutil.Process) -> Iterator[tuple[int, bool, Path]]:
    for path in Path(f"/proc/{process.pid}/fd").iterdir():
        status = path.stat()
        if stat.S_ISFIFO(status.st_mode):
            flags = Path(f"/proc/{process.pid}/fdinfo/{path.name}").read_text(encoding="utf-8").split()[3]
            yield status.st_ino, int(flags, 8) & os.O_ACCMODE == os.O_WRONLY, path


def garble(process: Started) -> None:
    """Send the main process a message that it can't read, and the begin of another one, whose rest it waits for."""
    children = [one for one in process.kin() if one.pid != process.pid]
    pipes = [pipe for child in children for pipe in result_pipes(child, psutil.Process(process.pid))]
    assert pipes
    for pipe in pipes:
        pipe.write_bytes(struct.pack(">i", 9) + b"\x80\x04garbled" + struct.pack(">i", 9))


def test_a_worker_that_can_no_longer_read_its_pools_results_ends_to_be_started_again(
    own_url: str, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    with worker(own_url, tmp_path, argv=POISONED) as process:
        send(own_url, job("job-at-hand", {"poison": "linger", "begun": str(begun), "seconds": 50}))
        eventually("the job's begin", begun.exists)
        garble(process)
        # Celery hangs in its shutdown, or ends by itself, as the pool happens to stand
        assert process.wait() in {_CELERYS_FAILURE, EXIT_CODE}
        nothing_left(process)


def test_the_soft_time_limit_leaves_a_result_alone_that_waits_for_redis(own_url: str, tmp_path: Path) -> None:
    with worker(own_url, tmp_path, settings=LIMITS) as process, redis.Redis.from_url(own_url) as client:
        send(own_url, job("job-warm-up", {}))
        results(own_url, 1)
        send(own_url, job("job-late", {}))
        client.execute_command("CLIENT", "PAUSE", 4_000, "WRITE")
        late = results(own_url, 2)[1]
        eventually("the acknowledgement", lambda: not client.hlen("unacked"))
        assert len(entries(own_url)) == 2
    assert (late.job_id, late.outcome) == ("job-late", Outcome.COMPUTED)
    assert "Traceback" not in process.err


def test_a_result_that_redis_refuses_is_dropped_with_one_line(own_url: str, tmp_path: Path) -> None:
    with worker(own_url, tmp_path) as process, redis.Redis.from_url(own_url) as client:
        client.xadd(RESULTS_STREAM, {"a": "b"}, id=_LAST_ID)
        send(own_url, job("job-refused", {}))
        process.says("Redis refused a result, and the coordinator sends its job again")
        eventually("the acknowledgement", lambda: not client.llen(JOBS_QUEUE) and not client.hlen("unacked"))
        client.delete(RESULTS_STREAM)
        send(own_url, job("job-next", {}))
        assert results(own_url, 1)[0].job_id == "job-next"
        assert len(entries(own_url)) == 1
    assert "Traceback" not in process.err
