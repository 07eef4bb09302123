"""No message ends a worker: whatever lies in the queue, good jobs go through, and nothing is left behind."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator

import pytest
import redis

from tasks.messages import JOBS_QUEUE, RESULTS_STREAM, Outcome, parse_stream_fields
from tests.support.broken import BROKEN, Message, genuine, text
from tests.support.processes import Started, eventually
from tests.support.workers import entries, job, send, worker


@pytest.fixture(scope="module")
def model(redis_url: str) -> Message:
    """A message as the dispatcher writes it."""
    return genuine(redis_url.removesuffix("/0") + "/2")


@pytest.fixture(scope="module")
def process(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """The one worker that meets them all."""
    with worker(redis_url, tmp_path_factory.mktemp("worker")) as one:
        yield one


def _push(client: redis.Redis, *messages: object) -> None:
    client.lpush(JOBS_QUEUE, *map(text, messages))


def _left(client: redis.Redis) -> int:
    return int(client.llen(JOBS_QUEUE)) + int(client.hlen("unacked")) + int(client.zcard("unacked_index"))


def _computed(redis_url: str) -> set[str]:
    """Ids of the jobs that came back with a result."""
    found = [parse_stream_fields(fields) for _, fields in entries(redis_url)]
    return {one.job_id for one in found if one.outcome is Outcome.COMPUTED}


def _goes_through(redis_url: str, job_id: str) -> None:
    """A good job is computed."""
    with redis.Redis.from_url(redis_url) as client:
        client.delete(RESULTS_STREAM)
    send(redis_url, job(job_id, {}))
    eventually(f"the result of {job_id}", lambda: job_id in _computed(redis_url))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_message_is_taken_off_and_the_worker_lives(
    redis_url: str, model: Message, process: Started, name: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        # more than one, since what the first one leaves may end the worker at the second
        _push(client, *[BROKEN[name](copy.deepcopy(model)) for _ in range(4)])
        eventually(f"nothing left of {name!r}", lambda: _left(client) == 0 or not process.running)
        assert process.running, process.words()
        _goes_through(redis_url, "job-after")
        eventually("nothing left", lambda: _left(client) == 0)


def test_all_of_them_at_once_among_good_jobs_are_dropped_and_counted(
    redis_url: str, model: Message, process: Started
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.delete(RESULTS_STREAM)
        good = [f"job-good-{number}" for number in range(40)]
        for job_id in good:
            send(redis_url, job(job_id, {}))
            _push(client, *[change(copy.deepcopy(model)) for change in list(BROKEN.values())[::5]])
        eventually("every good job's result", lambda: _computed(redis_url).issuperset(good))
        eventually("nothing left", lambda: _left(client) == 0)
    assert process.running, process.words()
    assert "no coordinator sends" in process.err


@pytest.mark.parametrize("entry", [b"", b"[1]", b"[1, 2, 3]", b"\xff", b'[{"a": 1}, {}, []]', b"[null, null, null]"])
def test_a_message_that_waits_for_its_acknowledgement_and_is_broken_is_taken_off(
    redis_url: str, process: Started, entry: bytes
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.hset("unacked", "a-tag", entry)
        client.zadd("unacked_index", {"a-tag": 1.0})
        eventually("nothing left", lambda: _left(client) == 0 or not process.running)
        assert process.running, process.words()
        _goes_through(redis_url, "job-after")


def _is_heard(client: redis.Redis, word: bytes | str) -> bool:
    return client.publish("/0.celery.pidbox", word) == 1


@pytest.mark.parametrize(
    "name", ["binary", "no JSON", "not UTF-8", "nested past any stack", "it is list", "no headers"]
)
def test_a_broken_word_to_all_workers_ends_none(redis_url: str, model: Message, process: Started, name: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        for word in (text(BROKEN[name](copy.deepcopy(model))), b'{"__type__": "uuid", "__value__": {"hex": 1}}'):
            # after a broken word the worker subscribes anew
            eventually("a worker that listens", functools.partial(_is_heard, client, word))
    _goes_through(redis_url, "job-after")
    assert process.running, process.words()
