"""A whole farm mines while somebody with a worker's password takes its jobs, changes them and answers them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from fleet.hosts.key_file import OWN_WORKERS
from fleet.status.snapshot_file import SNAPSHOT_FILE
from tasks.compact_json import compact_sorted
from tasks.jobtypes import JOB_TYPES
from tasks.messages import BUNDLE_TASK, JOBS_QUEUE, RESULTS_STREAM, encode_computed, stream_fields
from tasks.signing import WorkerKey, signed_result
from tests.chaos.farm import Farm, Setup
from tests.support.farms import state
from tests.support.processes import eventually
from tests.support.signed import KEYS, key_of

pytestmark = pytest.mark.timeout(180)

#: jobs that the thief answers for
_FORGED = 40


class Thief(threading.Thread):
    """Takes messages from the queue, answers each job with a false result, and puts back changed ones."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(daemon=True)
        self._client = client
        self._end = threading.Event()
        #: digests of the results that it made up
        self.false: set[bytes] = set()

    def run(self) -> None:
        while not self._end.wait(0.02):
            taken: Any = self._client.brpop([JOBS_QUEUE], timeout=1)
            if taken:
                self._answer(json.loads(taken[1]))

    def close(self) -> None:
        self._end.set()
        self.join(10)

    def _answer(self, message: dict[str, Any]) -> None:
        body = json.loads(base64.b64decode(message["body"]))
        bundle = message["headers"]["task"] == BUNDLE_TASK
        for job in body[0][0] if bundle else [body[0][0]]:
            self._forge(job)
            job["data"] = '{"transactions":[]}'
        changed = base64.b64encode(json.dumps(body).encode()).decode()
        self._client.lpush(JOBS_QUEUE, json.dumps(message | {"body": changed}))

    def _forge(self, job: dict[str, Any]) -> None:
        result = dict.fromkeys(JOB_TYPES[job["job_type"]].required, f"false {len(self.false)}")
        # as the coordinator submits it
        self.false.add(hashlib.sha256(compact_sorted(result | {"compute_time_ms": 1.0}).encode()).digest())
        task = job["job_id"] if job["attempt"] == 1 else f"{job['job_id']}~{job['attempt']}"
        fields = stream_fields(
            task=task,
            state="SUCCESS",
            worker="worker@host-0",
            body=encode_computed(result=result, kernel_version="3", compute_ms=1.0),
        )
        own = WorkerKey(host=OWN_WORKERS, job=b"?" * 32, result=b"?" * 32)
        entries: list[Any] = [fields, signed_result(own, fields, job)]
        for entry in entries:
            self._client.xadd(RESULTS_STREAM, entry)


@contextlib.contextmanager
def mining(folder: Path, settings: dict[str, str]) -> Iterator[Farm]:
    with Farm(folder / "farm", Setup(miners=3, settings=settings)) as farm:
        farm.born()
        farm.accepts(5)
        yield farm


def booked(farm: Farm) -> set[bytes]:
    """Digests of the results that were paid."""
    with contextlib.closing(sqlite3.connect(farm.ledger)) as ledger:
        return {digest for (digest,) in ledger.execute("SELECT result_digest FROM entries") if digest}


def wrong(farm: Farm) -> set[tuple[str, str]]:
    found = json.loads((state(farm.folder) / SNAPSHOT_FILE).read_text())
    return {(one["kind"], one["subject"]) for one in found["wrong"]}


def rob(farm: Farm) -> set[bytes]:
    """Have the thief at the farm until it has forged enough. Returns the digests of its results."""
    with farm.connected() as client:
        thief = Thief(client)
        thief.start()
        eventually("enough forged results", lambda: len(thief.false) >= _FORGED)
        thief.close()
    return thief.false


def test_nothing_that_a_thief_with_a_workers_password_made_up_is_booked(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(KEYS.encode())
    settings = {"FLEET_DISPATCH__KEYS_FILE": str(file), "FLEET_WORKER__KEY": key_of(OWN_WORKERS).encode()}
    with mining(tmp_path, settings) as farm:
        false = rob(farm)
        expected = {("wrong_signature", f"host {OWN_WORKERS}"), ("unsigned_results", "host host-0")}
        eventually("its report", lambda: expected <= wrong(farm))
        # the jobs that it took are dispatched again, and others are mined meanwhile
        farm.accepts(20)
        assert farm.drained() == 0, farm.life.words()
        assert booked(farm).isdisjoint(false)
        assert farm.verified() == []
        assert all(host.running for host in farm.hosts)


def test_without_keys_the_same_thief_is_paid(tmp_path: Path) -> None:
    with mining(tmp_path, {}) as farm:
        false = rob(farm)
        farm.accepts(20)
        assert farm.drained() == 0, farm.life.words()
        assert booked(farm) & false
