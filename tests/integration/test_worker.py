"""A real worker, started as a host starts it: every end of a job reaches the results stream.

One file: most of its tests share a poisoned worker or a sound one.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from config.settings import Settings
from tasks.compute import catalog
from tasks.jobtypes import JOB_TYPES
from tasks.messages import JOBS_QUEUE, TASK_PREFIX, Outcome, ResultMessage, parse_stream_fields
from tasks.wire_versions import WIRE_VERSION
from tasks.worker.app import make_app
from tests.support.processes import Started, eventually, nothing_left, stop
from tests.support.workers import ONE_THREAD, POISONED, entries, job, results, send, worker

POISONS = ("raise", "sleep", "cling", "die", "leave", "devour", "bloat")
LIMITS = {"FLEET_WORKER__SOFT_TIME_LIMIT_S": "2", "FLEET_WORKER__TIME_LIMIT_S": "4"}


def flush(redis_url: str) -> None:
    """Empty one database of the Redis that the session's tests share."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()


@pytest.fixture
def own_url(redis_url: str) -> str:
    """An empty database that the module's worker does not see."""
    url = redis_url.removesuffix("/0") + "/1"
    flush(url)
    return url


@pytest.fixture(scope="module")
def ends(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ResultMessage]:
    """How one poisoned worker ended each kind of job, by job id; a sound job was sent last."""
    flush(redis_url)
    orders = [job(f"job-{poison}", {"poison": poison}) for poison in POISONS]
    orders += [
        job("job-absurd", {"records": 10**12}, job_type="data_validation"),
        job("job-huge", {"transactions": ["x" * 300_000]}),
        job("job-sound", {"transactions": [{"amount": 5, "from": "a", "to": "b"}]}, attempt=2),
    ]
    with worker(redis_url, tmp_path_factory.mktemp("poisoned"), argv=POISONED, settings=LIMITS):
        send(redis_url, *orders)
        return {message.job_id: message for message in results(redis_url, len(orders))}


@pytest.fixture(scope="module")
def alive_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the sound worker touches."""
    return tmp_path_factory.mktemp("alive") / "worker.alive"


@pytest.fixture(scope="module")
def sound(redis_url: str, alive_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """One worker without poison for the tests below."""
    flush(redis_url)
    settings = {"FLEET_WORKER__HEARTBEAT_FILE": str(alive_file)}
    with worker(redis_url, tmp_path_factory.mktemp("sound"), settings=settings) as process:
        yield process


@pytest.mark.parametrize(
    ("job_id", "outcome", "error"),
    [
        ("job-raise", Outcome.FAILED, "ZeroDivisionError: a kernel divided by zero"),
        ("job-sleep", Outcome.TIME_LIMIT, "SoftTimeLimitExceeded"),
        ("job-cling", Outcome.TIME_LIMIT, "TimeLimitExceeded: 4"),
        ("job-die", Outcome.WORKER_LOST, "WorkerLostError"),
        ("job-leave", Outcome.WORKER_LOST, "WorkerLostError"),
        ("job-devour", Outcome.FAILED, "OutOfMemoryError: fraud_detection needs more memory than this host has"),
        ("job-bloat", Outcome.REFUSED, "over the bound"),
        ("job-absurd", Outcome.REFUSED, "data.records is 1000000000000, must be"),
        ("job-huge", Outcome.REFUSED, "worker.max_payload_bytes"),
    ],
)
def test_an_end_without_a_result_says_which_one_it_was(
    ends: dict[str, ResultMessage], job_id: str, outcome: Outcome, error: str
) -> None:
    assert ends[job_id].outcome is outcome
    assert error in ends[job_id].error
    assert ends[job_id].result == {}


def test_a_worker_that_met_every_poison_still_computes_and_names_itself(ends: dict[str, ResultMessage]) -> None:
    message = ends["job-sound"]
    assert message.outcome is Outcome.COMPUTED
    assert message.attempt == 2
    assert message.worker == "worker@bench"
    assert message.kernel_version == catalog.KERNEL_VERSION
    assert message.compute_ms > 0
    assert message.result["results_hash"]


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_a_job_of_each_type_comes_back_with_the_digest_that_this_process_computes(
    redis_url: str, job_type: str
) -> None:
    flush(redis_url)
    send(redis_url, job(f"job-{job_type}", {}, job_type=job_type))
    message = results(redis_url, 1)[0]
    expected = catalog.compute(job_type, {}, job_id=f"job-{job_type}")
    assert message.outcome is Outcome.COMPUTED
    for name in JOB_TYPES[job_type].required:
        assert message.result[name] == json.loads(json.dumps(expected[name]))


@pytest.mark.usefixtures("sound")
def test_a_message_of_another_wire_version_is_refused_with_what_to_do(redis_url: str) -> None:
    flush(redis_url)
    send_raw(redis_url, {"v": WIRE_VERSION + 1, "job_id": "job-v2"}, task="job-v2")
    message = results(redis_url, 1)[0]
    assert message.outcome is Outcome.REFUSED
    assert "run the coordinator's release on this host" in message.error


@pytest.mark.parametrize("argument", [None, [], "text", {"v": WIRE_VERSION}])
@pytest.mark.usefixtures("sound")
def test_a_malformed_message_is_refused_and_the_next_job_computed(redis_url: str, argument: object) -> None:
    flush(redis_url)
    send_raw(redis_url, argument, task="job-odd")
    assert results(redis_url, 1)[0].outcome is Outcome.REFUSED
    send(redis_url, job("job-next", {}))
    assert results(redis_url, 2)[1].outcome is Outcome.COMPUTED


@pytest.mark.usefixtures("sound")
def test_a_payload_nested_past_any_stack_is_refused_and_the_next_job_computed(redis_url: str) -> None:
    flush(redis_url)
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep]
    send(redis_url, job("job-deep", {"transactions": deep}), job("job-next", {}))
    outcomes = {message.job_id: message.outcome for message in results(redis_url, 2)}
    assert outcomes["job-deep"] in {Outcome.REFUSED, Outcome.COMPUTED}
    assert outcomes["job-next"] is Outcome.COMPUTED


def test_every_pool_process_computes_with_one_blas_thread(sound: Started) -> None:
    pool = [process for process in sound.kin() if process.pid != sound.pid]
    assert len(pool) >= 2
    for process in pool:
        environment = process.environ()
        assert {name: environment.get(name) for name in ONE_THREAD} == ONE_THREAD


def test_the_heartbeat_file_is_touched_and_grows_old_while_the_consumer_stands_still(
    sound: Started, alive_file: Path
) -> None:
    first = alive_file.stat().st_mtime
    eventually("another beat", lambda: alive_file.stat().st_mtime > first)
    sound.send(signal.SIGSTOP)
    try:
        eventually("the stop", lambda: psutil.Process(sound.pid).status() == psutil.STATUS_STOPPED)
        stood = alive_file.stat().st_mtime
        time.sleep(6)
        assert alive_file.stat().st_mtime == stood
    finally:
        sound.send(signal.SIGCONT)
    eventually("a beat after it goes on", lambda: alive_file.stat().st_mtime > stood)


def test_a_child_that_is_killed_in_a_job_is_reported_and_replaced(own_url: str, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with worker(own_url, tmp_path, argv=POISONED) as process:
        send(own_url, job("job-killed", {"poison": "linger", "begun": str(begun), "seconds": 60}))
        eventually("the job's begin", begun.exists)
        for child in [one for one in process.kin() if one.pid != process.pid]:
            os.kill(child.pid, signal.SIGKILL)
        message = results(own_url, 1)[0]
        assert (message.job_id, message.outcome) == ("job-killed", Outcome.WORKER_LOST)
        send(own_url, job("job-next", {}))
        assert results(own_url, 2)[1].outcome is Outcome.COMPUTED


def test_sigterm_finishes_the_job_at_hand_and_gives_the_others_back(own_url: str, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    settings = {"FLEET_WORKER__CONCURRENCY": "1", "FLEET_WORKER__PREFETCH": "1"}
    with worker(own_url, tmp_path, argv=POISONED, settings=settings) as process:
        send(own_url, job("job-at-hand", {"poison": "linger", "begun": str(begun), "seconds": 3}))
        eventually("the job's begin", begun.exists)
        send(own_url, job("job-waiting-1", {}), job("job-waiting-2", {}))
        assert stop(process) == 0
        nothing_left(process)
    assert [message.job_id for message in results(own_url, 1)] == ["job-at-hand"]
    with redis.Redis.from_url(own_url) as client:
        assert client.llen(JOBS_QUEUE) == 2


@pytest.mark.usefixtures("sound")
def test_a_result_waits_for_a_redis_that_takes_no_writes(redis_url: str) -> None:
    flush(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.execute_command("CLIENT", "PAUSE", 2_000, "WRITE")
        send(redis_url, job("job-paused", {}))
        messages = results(redis_url, 1)
    assert [(message.job_id, message.outcome) for message in messages] == [("job-paused", Outcome.COMPUTED)]


@pytest.mark.usefixtures("sound")
def test_nothing_but_results_is_on_the_stream(redis_url: str) -> None:
    flush(redis_url)
    send(redis_url, job("job-plain", {}))
    results(redis_url, 1)
    (_, fields), *more = entries(redis_url)
    assert not more
    assert fields.keys() == {b"task", b"state", b"worker", b"body"}
    assert parse_stream_fields(fields).job_id == "job-plain"


def send_raw(redis_url: str, argument: object, *, task: str) -> None:
    """Publish a Celery task whose argument the dispatcher would never send."""
    with make_app(Settings(), redis_url) as app:
        app.send_task(TASK_PREFIX + "inference", args=(argument,), task_id=task, queue=JOBS_QUEUE, argsrepr="")
