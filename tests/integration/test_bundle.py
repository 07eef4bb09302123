"""Several jobs in one Celery message, by a real worker: each has an end of its own, and Flower hears of each."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from config.settings import Settings
from fleet.broker.dispatch import _MOST_AT_ONCE
from fleet.domain.effects import Dispatch
from tasks.messages import BUNDLE_TASK, JOBS_QUEUE, Outcome, ResultMessage
from tasks.worker.app import make_app
from tests.support.processes import PATIENCE_S, eventually
from tests.support.workers import POISONED, dispatcher, job, results, worker

LIMITS = {"FLEET_WORKER__SOFT_TIME_LIMIT_S": "2", "FLEET_WORKER__TIME_LIMIT_S": "4"}
TRANSFERS = {"transactions": [{"amount": 5, "from": "a", "to": "b"}]}


def light(job_id: str, data: dict[str, Any], **names: Any) -> Dispatch:
    """An order that may share a message."""
    return replace(job(job_id, data, **names), expected_ms=0.01)


def send_together(redis_url: str, orders: list[Dispatch]) -> None:
    """Publish the orders of one turn."""
    with dispatcher(redis_url, bundle_ms=10.0) as (one, _):
        assert one._publish(orders)


def queued(redis_url: str) -> list[dict[str, Any]]:
    """The messages that wait, first one first."""
    with redis.Redis.from_url(redis_url) as client:
        raw: list[bytes] = client.lrange(JOBS_QUEUE, 0, -1)
    return [json.loads(text) for text in reversed(raw)]


def test_light_jobs_of_a_turn_share_a_message(empty_redis_url: str) -> None:
    orders = [*(light(f"job-{number}", TRANSFERS) for number in range(5)), light("again", TRANSFERS, attempt=2)]
    send_together(empty_redis_url, orders)
    messages = queued(empty_redis_url)
    assert sorted(message["headers"]["task"] for message in messages) == [BUNDLE_TASK, "neonet.fraud_detection"]
    assert {message["headers"]["argsrepr"] for message in messages} == {"5 jobs", "miner=rig-a1 attempt=2"}


def test_jobs_that_are_held_back_share_a_message_with_those_that_come_meanwhile(empty_redis_url: str) -> None:
    with dispatcher(empty_redis_url, bundle_ms=10.0) as (one, stated):
        for number in range(3):
            one.dispatch(replace(light(f"job-{number}", TRANSFERS), expected_ms=40.0, hold_s=1.0))
            time.sleep(0.05)
        words = [stated.get(timeout=PATIENCE_S) for _ in range(3)]
    assert all(word.published for word in words)
    (message,) = queued(empty_redis_url)
    assert message["headers"]["task"] == BUNDLE_TASK, "each is over the 10 ms, together they are within what they wait"


def test_a_full_message_is_not_held_back(empty_redis_url: str) -> None:
    with dispatcher(empty_redis_url, bundle_ms=10.0) as (one, stated):
        started = time.monotonic()
        for number in range(_MOST_AT_ONCE):
            one.dispatch(replace(light(f"job-{number}", TRANSFERS), hold_s=30.0))
        stated.get(timeout=PATIENCE_S)
        assert time.monotonic() - started < 15


def test_one_job_is_a_task_of_its_own(empty_redis_url: str) -> None:
    send_together(empty_redis_url, [light("job-1", TRANSFERS)])
    (message,) = queued(empty_redis_url)
    assert (message["headers"]["id"], message["headers"]["task"]) == ("job-1", "neonet.fraud_detection")


class Heard:
    """What a worker tells Flower, read as Flower reads it."""

    def __init__(self, redis_url: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._app = make_app(Settings(), redis_url)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        # the end of its Redis is the end of the tests
        with contextlib.suppress(redis.ConnectionError), self._app.connection_for_read() as connection:
            receiver = self._app.events.Receiver(connection, handlers={"*": self.events.append})
            receiver.capture(limit=None, timeout=None, wakeup=True)

    def kinds(self) -> set[str]:
        """Of all events."""
        return {event["type"] for event in self.events}

    def of(self, uuid: str) -> list[str]:
        """Kinds of the events of one task."""
        return [event["type"] for event in self.events if event.get("uuid") == uuid]


@pytest.fixture(scope="module")
def stated(
    redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, ResultMessage], Heard]]:
    """The ends of a mixed bundle and what Flower heard of it."""
    url = redis_url.removesuffix("/0") + "/2"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    orders = [
        light("job-first", TRANSFERS),
        light("job-raise", {"poison": "raise"}),
        light("job-sleep", {"poison": "sleep"}),
        light("job-absurd", {"records": 10**12}, job_type="data_validation"),
        light("job-last", TRANSFERS),
    ]
    with worker(url, tmp_path_factory.mktemp("bundle"), argv=POISONED, settings=LIMITS):
        received = Heard(url)
        eventually(
            "Flower hears the worker", lambda: any(event["type"] == "worker-heartbeat" for event in received.events)
        )
        send_together(url, orders)
        ends = {message.job_id: message for message in results(url, len(orders))}
        eventually("Flower has heard of all", lambda: "task-succeeded" in received.of("job-last"))
        yield ends, received


@pytest.mark.parametrize(
    ("job_id", "outcome", "error"),
    [
        ("job-first", Outcome.COMPUTED, ""),
        ("job-raise", Outcome.FAILED, "ZeroDivisionError: a kernel divided by zero"),
        ("job-sleep", Outcome.TIME_LIMIT, "SoftTimeLimitExceeded"),
        ("job-absurd", Outcome.REFUSED, "data.records is 1000000000000, must be"),
        ("job-last", Outcome.COMPUTED, ""),
    ],
)
def test_each_job_of_a_bundle_has_an_end_of_its_own(
    stated: tuple[dict[str, ResultMessage], Heard], job_id: str, outcome: Outcome, error: str
) -> None:
    end = stated[0][job_id]
    assert end.outcome is outcome
    assert error in end.error
    assert end.worker == "worker@bench"
    assert bool(end.result) is (outcome is Outcome.COMPUTED)


def test_a_job_has_the_result_in_a_bundle_that_it_has_alone(
    stated: tuple[dict[str, ResultMessage], Heard],
) -> None:
    from tasks.compute import catalog  # noqa: PLC0415 - numpy's threads are the worker's matter until here

    alone = catalog.compute("fraud_detection", TRANSFERS, job_id="job-last")
    assert stated[0]["job-last"].result["results_hash"] == alone["results_hash"]
    assert stated[0]["job-last"].compute_ms > 0


def test_flower_hears_of_each_job_and_of_no_bundle(stated: tuple[dict[str, ResultMessage], Heard]) -> None:
    _, received = stated
    jobs = {event["uuid"]: event for event in received.events if event["type"] == "task-received"}
    assert set(jobs) == {"job-first", "job-raise", "job-sleep", "job-absurd", "job-last"}
    assert (jobs["job-first"]["name"], jobs["job-first"]["args"]) == (
        "neonet.fraud_detection",
        "miner=rig-a1 attempt=1",
    )
    assert received.of("job-first") == ["task-received", "task-started", "task-succeeded"]
    assert received.of("job-raise") == ["task-received", "task-started", "task-failed"]
    failed = {event["uuid"]: event["exception"] for event in received.events if event["type"] == "task-failed"}
    assert "a kernel divided by zero" in failed["job-raise"]
    assert "SoftTimeLimitExceeded" in failed["job-sleep"]
    assert "data.records" in failed["job-absurd"]


def test_a_bundle_that_is_lost_is_reported_job_by_job(redis_url: str, tmp_path: Path) -> None:
    url = redis_url.removesuffix("/0") + "/3"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    orders = [light("job-first", TRANSFERS), light("job-die", {"poison": "die"}), light("job-last", TRANSFERS)]
    with worker(url, tmp_path, argv=POISONED, settings=LIMITS):
        send_together(url, orders)
        ends = {message.job_id: message for message in results(url, len(orders))}
    assert set(ends) == {"job-first", "job-die", "job-last"}
    # a child that dies before Celery has heard that it took the message is found by the time limit
    assert {end.outcome for end in ends.values()} <= {Outcome.WORKER_LOST, Outcome.TIME_LIMIT}
