"""Messages that the release before wrote: this one computes them, reads them, and writes the same.

They were recorded from the dispatcher and the worker of an earlier build of 0.1.0 on a real Redis. A change that breaks
a test here needs another wire version, which speaks the one before it, too (CONTRIBUTING.md).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import redis

from tasks.broker.slots import parse_slots
from tasks.broker.statement import Statement, parse_statement
from tasks.job_queues import LEVEL_HEADER
from tasks.messages import JOBS_QUEUE, Outcome, ResultMessage, parse_stream_fields
from tasks.wire_versions import OLDEST_WIRE, WIRE_VERSION, WRITTEN_WIRE
from tests.support.workers import job, results, send, worker

_RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "support" / "messages_of_0_1_0.json").read_text(encoding="utf-8")
)
#: parts of a message that differ each time, in its headers and properties
_RANDOM = {"origin", "reply_to", "delivery_tag"}
#: headers that the release before drops unread
_LATER = {LEVEL_HEADER}
_SENT = (
    job("job-1", {"transactions": [{"id": "t1", "from": "a", "to": "b", "amount": 5}]}),
    job("job-2", {"size": 8, "seed": 3}, job_type="matrix_ops", attempt=2),
    job("job-3", {"transactions": "none"}),
)


def read(fields: dict[str, str]) -> ResultMessage:
    return parse_stream_fields({name.encode(): value.encode() for name, value in fields.items()})


def test_the_release_before_is_spoken_and_its_messages_are_kept() -> None:
    versions = {json.loads(fields["body"]).get("v") for fields in _RECORDED["results"]} - {None}
    assert versions == set(range(OLDEST_WIRE, WIRE_VERSION + 1)), "record messages of each version that is spoken"
    assert OLDEST_WIRE <= WRITTEN_WIRE <= WIRE_VERSION <= OLDEST_WIRE + 1, "neighbours would not understand"


def test_the_coordinator_reads_the_results_of_a_worker_of_the_release_before() -> None:
    found = [read(fields) for fields in _RECORDED["results"]]
    assert [(one.job_id, one.attempt, one.outcome) for one in found] == [
        ("job-1", 1, Outcome.COMPUTED),
        ("job-2", 2, Outcome.COMPUTED),
        ("job-3", 1, Outcome.REFUSED),
    ]
    assert found[0].result["analyzed"] == 1


def test_what_its_processes_state_of_themselves_is_read() -> None:
    assert parse_statement(_RECORDED["release"].encode()) == Statement(release="0.1.0", wire=WIRE_VERSION)
    stated = parse_slots(_RECORDED["slots"]["bench"].encode())
    assert stated is not None
    assert stated.processes == 2


def test_a_worker_computes_the_jobs_of_a_coordinator_of_the_release_before(
    empty_redis_url: str, tmp_path: Path
) -> None:
    with redis.Redis.from_url(empty_redis_url) as client:
        client.lpush(JOBS_QUEUE, *_RECORDED["queue"])
    with worker(empty_redis_url, tmp_path):
        found = {one.job_id: one for one in results(empty_redis_url, len(_RECORDED["queue"]))}
    for fields in _RECORDED["results"]:
        before = read(fields)
        now = found[before.job_id]
        assert (now.attempt, now.outcome) == (before.attempt, before.outcome)
        assert _on_any_processor(now.result) == _on_any_processor(before.result)


def test_a_coordinator_writes_what_a_worker_of_the_release_before_reads(empty_redis_url: str) -> None:
    send(empty_redis_url, *_SENT)
    with redis.Redis.from_url(empty_redis_url) as client:
        written = [_comparable(raw) for raw in reversed(client.lrange(JOBS_QUEUE, 0, -1))]
    assert written == [_comparable(raw) for raw in _RECORDED["queue"]]


def _on_any_processor(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without what the last digits of a product of matrices change, which differ between processors."""
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in result.items()}
    return {name: value for name, value in rounded.items() if "trace" not in result or name != "result_hash"}


def _comparable(raw: str | bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(raw)
    for part in ("headers", "properties"):
        message[part] = {name: value for name, value in message[part].items() if name not in _RANDOM | _LATER}
    return message | {"body": json.loads(base64.b64decode(message["body"]))}
