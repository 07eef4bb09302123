"""A stolen worker's password, command by command: no result but those of honest workers reaches the coordinator.

Each attack uses only what a worker's user may do in Redis, and none of the keys beside the password.

One file: the attacks are most of it, and one test runs each of them against the same farm.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import redis

from fleet.broker.key_ring import KeyRing
from fleet.broker.result_signatures import ResultSignatures, SignatureCounts
from fleet.broker.results import Results
from fleet.domain.effects import Dispatch
from fleet.hosts.redis_acl import user_of_host
from tasks.broker.handshake import announce, release
from tasks.broker.statement import Statement
from tasks.compute import catalog
from tasks.messages import (
    JOBS_QUEUE,
    RESULTS_STREAM,
    Outcome,
    ResultMessage,
    encode_computed,
    stream_fields,
)
from tasks.signing import WorkerKey, job_mac, signed_result
from tasks.wire_versions import WIRE_VERSION
from tests.support.envelopes import Message, as_task, with_body, with_fields
from tests.support.intake import Heard, intake
from tests.support.processes import Started, eventually
from tests.support.role_redis import RoleRedis, role_redis
from tests.support.signed import KEYS, key_of
from tests.support.workers import dispatcher, job, send, worker

_DATA = {"transactions": [{"id": "t1", "from": "a", "to": "b", "amount": 5}]}
_OTHER = {"transactions": [{"id": "t1", "from": "a", "to": "b", "amount": 500_000}]}
_FALSE = encode_computed(result={"results_hash": "false"}, kernel_version="3", compute_ms=1.0)
_FAILURE = {"exc_type": "PayloadError", "exc_message": ["absurd"]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A farm that signs, its worker, and a thief with the password of the host `attic`."""

    farm: RoleRedis
    keys: KeyRing
    check: ResultSignatures
    heard: Heard
    process: Started
    thief: redis.Redis

    def send(self, *orders: Dispatch) -> None:
        """Dispatch jobs as the coordinator does."""
        send(self.farm.url("coordinator"), *orders, keys=self.keys)

    def taken(self, order: Dispatch) -> Message:
        """The message of a job, which the thief took from the queue before a worker could: a worker never saw it."""
        with dispatcher(self.farm.url("coordinator").replace("/0", "/1"), keys=self.keys) as (one, reports):
            one.dispatch(order)
            assert reports.get(timeout=60).published
        with self.farm.root() as client:
            client.select(1)
            return dict(json.loads(client.rpop(JOBS_QUEUE)))

    def push(self, *messages: Message) -> None:
        """Put messages into the queue, as the thief."""
        self.thief.lpush(JOBS_QUEUE, *map(json.dumps, messages))

    def add(self, job_id: str, *, worker: str = "worker@attic", state: str = "SUCCESS", body: Any = _FALSE) -> None:
        """Add a result without a signature, as the thief."""
        fields: Any = stream_fields(task=job_id, state=state, worker=worker, body=body)
        self.thief.xadd(RESULTS_STREAM, fields)

    def accepted(self, job_id: str) -> list[ResultMessage]:
        """What the coordinator takes in, until the result of `job_id`."""
        found: list[ResultMessage] = []

        def arrived() -> bool:
            while not self.heard.empty():
                event = self.heard.get()
                found.extend(event.messages if isinstance(event, Results) else ())
            return job_id in {one.job_id for one in found}

        eventually(job_id, arrived)
        return found


@contextmanager
def signing_coordinator(farm: RoleRedis) -> Iterator[None]:
    """A coordinator has stated that it signs jobs."""
    stated = Statement(release=release(), wire=WIRE_VERSION, signs=True, binds=True)
    assert announce(farm.url("coordinator"), stated) is None
    yield


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("stolen")
    file = folder / "keys.json"
    file.write_text(KEYS.encode())
    keys = KeyRing(file)
    check = ResultSignatures(keys.keys, "auto")
    settings = {"FLEET_WORKER__KEY": key_of("garage").encode(), "FLEET_WORKER__NAME": "garage"}
    with (
        role_redis(folder) as farm,
        signing_coordinator(farm),
        worker(farm.url("worker"), folder, settings=settings) as process,
        intake(farm.url("coordinator"), check) as heard,
        redis.Redis.from_url(farm.url(user_of_host("attic"))) as thief,
    ):
        yield Scene(farm=farm, keys=keys, check=check, heard=heard, process=process, thief=thief)


def false_result(scene: Scene) -> None:
    scene.add("job-1")


def false_result_of_the_honest_host(scene: Scene) -> None:
    scene.add("job-1", worker="worker@garage")


def false_refusal(scene: Scene) -> None:
    scene.add("job-1", state="FAILURE", body=_FAILURE)


def false_result_with_a_key_of_ones_own(scene: Scene) -> None:
    taken = scene.taken(job("job-1", _DATA))
    sent = json.loads(base64.b64decode(taken["body"]))[0][0]
    for host in ("garage", "shed", "attic", "_workers"):
        made = WorkerKey(host=host, job=b"?" * 32, result=b"?" * 32)
        fields = stream_fields(task="job-1", state="SUCCESS", worker=f"worker@{host}", body=_FALSE)
        forged: Any = signed_result(made, fields, sent)
        scene.thief.xadd(RESULTS_STREAM, forged)


def other_data(scene: Scene) -> None:
    scene.push(with_fields(scene.taken(job("job-1", _DATA)), data=json.dumps(_OTHER)))


def other_data_without_a_signature(scene: Scene) -> None:
    scene.push(with_fields(scene.taken(job("job-1", _DATA)), data=json.dumps(_OTHER), mac=None, seal=None))


def absurd_data(scene: Scene) -> None:
    scene.push(with_fields(scene.taken(job("job-1", _DATA)), data='{"transactions": "none"}', mac=None))


def another_jobs_signature(scene: Scene) -> None:
    other = scene.taken(job("job-other", _OTHER))
    sent = json.loads(base64.b64decode(other["body"]))[0][0]
    scene.push(with_fields(scene.taken(job("job-1", _DATA)), data=sent["data"], mac=sent["mac"], seal=sent["seal"]))


def another_job_as_this_task(scene: Scene) -> None:
    scene.push(as_task(scene.taken(job("job-other", _OTHER)), "job-1"))


def this_job_as_another_attempt(scene: Scene) -> None:
    scene.push(as_task(scene.taken(job("job-1", _OTHER | {"more": 1})), "job-1~2"))


def changed_among_the_unacknowledged(scene: Scene) -> None:
    message = with_fields(scene.taken(job("job-1", _DATA)), data=json.dumps(_OTHER))
    scene.thief.hset("unacked", "a-tag", json.dumps([message, "", JOBS_QUEUE]))
    scene.thief.zadd("unacked_index", {"a-tag": 1.0})
    with scene.farm.root() as client:
        eventually("its return to the queue", lambda: not client.hexists("unacked", "a-tag"))


def changed_in_a_bundle(scene: Scene) -> None:
    def change(body: Any) -> None:
        one = body[0][0]
        body[0][0] = [one, one | {"data": json.dumps(_OTHER)}]

    taken = with_body(scene.taken(job("job-1", _DATA)), change)
    scene.push(taken | {"headers": taken["headers"] | {"task": "neonet.bundle", "id": "a-bundle"}})


def signed_jobs_put_together(scene: Scene) -> None:
    other = json.loads(base64.b64decode(scene.taken(job("job-other", _OTHER))["body"]))[0][0]
    taken = with_body(scene.taken(job("job-1", _DATA)), lambda body: body[0].__setitem__(0, [body[0][0], other]))
    bundle = taken | {"headers": taken["headers"] | {"task": "neonet.bundle", "id": "a-bundle"}}

    def dropped() -> bool:
        # the worker logs what it drops every few seconds
        scene.push(bundle)
        return "the farm did not put the 2 jobs of the bundle" in scene.process.err

    eventually("its log", dropped)


def other_data_by_a_thief_who_has_a_hosts_key_too(scene: Scene) -> None:
    taken = with_fields(scene.taken(job("job-1", _DATA)), data=json.dumps(_OTHER))
    sent = json.loads(base64.b64decode(taken["body"]))[0][0]
    before = scene.check.counts.get("garage", SignatureCounts()).foreign
    # the worker computes it, and the coordinator drops what it computed
    scene.push(with_fields(taken, mac=job_mac(KEYS.job, sent)))
    eventually("its result", lambda: scene.check.counts.get("garage", SignatureCounts()).foreign == before + 1)


def no_argument(scene: Scene) -> None:
    scene.push(with_body(scene.taken(job("job-1", _DATA)), lambda body: body[0].clear()))


def unread_results_deleted(scene: Scene) -> None:
    scene.thief.xadd(RESULTS_STREAM, {"a": "b"}, maxlen=0, approximate=False)


def twice_the_same_job(scene: Scene) -> None:
    taken = scene.taken(job("job-1", _DATA))
    scene.push(taken, taken)


ATTACKS = (
    false_result,
    false_result_of_the_honest_host,
    false_refusal,
    false_result_with_a_key_of_ones_own,
    other_data,
    other_data_without_a_signature,
    absurd_data,
    another_jobs_signature,
    another_job_as_this_task,
    this_job_as_another_attempt,
    changed_among_the_unacknowledged,
    changed_in_a_bundle,
    signed_jobs_put_together,
    other_data_by_a_thief_who_has_a_hosts_key_too,
    no_argument,
    unread_results_deleted,
    twice_the_same_job,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_only_what_honest_workers_computed_is_accepted(scene: Scene, attack: Callable[[Scene], None]) -> None:
    attack(scene)
    # the coordinator dispatches a job again that gave no result
    last = f"job-after-{attack.__name__.replace('_', '-')}"
    scene.send(replace(job("job-1", _DATA, attempt=3)), job(last, _OTHER))
    found = scene.accepted(last)
    assert {one.job_id for one in found} <= {"job-1", "job-other", last}
    assert all(one.outcome is Outcome.COMPUTED and one.worker == "worker@garage" for one in found), found
    honest = {"job-1": _DATA, "job-other": _OTHER, last: _OTHER}
    for one in found:
        assert one.result == _computed(one.job_id, honest[one.job_id])
    assert scene.process.running


def _computed(job_id: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return catalog.compute("fraud_detection", data, job_id=job_id)


def test_false_results_are_counted_by_the_host_that_they_name(scene: Scene) -> None:
    before = scene.check.counts
    scene.add("job-1", worker="worker@mallory")
    false_result_with_a_key_of_ones_own(scene)
    scene.send(job("job-counted", _DATA))
    scene.accepted("job-counted")
    after = scene.check.counts
    assert after["mallory"] == SignatureCounts(unsigned=1)
    for host in ("garage", "shed", "attic", "_workers"):
        assert after[host].wrong == before.get(host, SignatureCounts()).wrong + 1


def test_a_worker_says_that_it_drops_jobs_that_the_farm_did_not_sign(scene: Scene) -> None:
    def dropped() -> bool:
        # it logs what it drops every few seconds
        other_data(scene)
        return "the job 'job-1' has a wrong signature" in scene.process.err

    eventually("its log", dropped)
    assert scene.process.running
