"""A job's data reaches its kernel as the server sent it, whatever means something to Celery on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tasks.compute import catalog
from tasks.messages import Outcome
from tests.support.processes import Started
from tests.support.workers import job, results, send, worker

#: kombu makes objects of some of these, fails on the others, and gives none of them to a kernel
MEANINGFUL: dict[str, object] = {
    "a type that nobody knows": {"__type__": "nobody", "__value__": 1},
    "a type without a value": {"__type__": "datetime"},
    "a value that is none": {"__type__": "datetime", "__value__": "soon"},
    "a time": {"__type__": "datetime", "__value__": "2026-11-25T00:00:00"},
    "a UUID": {"__type__": "uuid", "__value__": {"hex": "0" * 32}},
    "a decimal": {"__type__": "decimal", "__value__": "1.5"},
    "a type that is a list": {"__type__": [1], "__value__": 1},
    "a type that is null": {"__type__": None, "__value__": None},
    "bytes": {"bytes": "AAAA", "__bytes__": True},
    "a lone surrogate": "\ud800",
    "a long integer": 10**400,
}


@pytest.fixture(scope="module")
def process(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A worker for the tests below."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    with worker(redis_url, tmp_path_factory.mktemp("worker")) as one:
        yield one


@pytest.mark.usefixtures("process")
@pytest.mark.parametrize("meaning", MEANINGFUL)
@pytest.mark.parametrize("deep", [False, True])
def test_data_that_means_something_to_celery_is_computed_like_any_other(
    redis_url: str, meaning: str, *, deep: bool
) -> None:
    data: dict[str, Any] = {"note": [MEANINGFUL[meaning]]} if deep else {"note": MEANINGFUL[meaning]}
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    send(redis_url, job("job-odd", {"layer_dims": [8, 4], **data}, job_type="gradient_compute"))
    message = results(redis_url, 1)[0]
    assert message.outcome is Outcome.COMPUTED, message.error
    expected = catalog.compute("gradient_compute", {"layer_dims": [8, 4]}, job_id="job-odd")
    assert message.result["gradient_hash"] == expected["gradient_hash"]


@pytest.mark.usefixtures("process")
@pytest.mark.parametrize("meaning", MEANINGFUL)
def test_data_that_is_such_a_thing_as_a_whole_is_answered(redis_url: str, meaning: str) -> None:
    """One that is an object keeps its fields, which no kernel knows and each ignores."""
    whole = MEANINGFUL[meaning]
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    send(redis_url, job("job-odd", whole if isinstance(whole, dict) else {"note": whole}))
    assert results(redis_url, 1)[0].outcome is Outcome.COMPUTED
