"""A real worker's sign in a real Redis, as the coordinator sees it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue

import redis

from fleet.broker.presence import PresenceWatch, WorkerKinds, WorkerLevels, Workers, has_sign
from fleet.broker.result_signatures import ResultSignatures
from fleet.broker.worker_slots import MOST_WORKERS, WorkerSlots
from fleet.broker.worker_statements import worker_statements
from fleet.hosts.key_file import OWN_WORKERS
from tasks.broker.handshake import release
from tasks.broker.redis_client import redis_client
from tasks.broker.statement import Statement
from tasks.host.hardware import detect
from tasks.messages import SLOTS_KEY, STATEMENTS_KEY, WORKERS_KEY, WORKERS_KEY_TTL_MS
from tasks.wire_versions import OLDEST_WIRE, WIRE_VERSION, WRITTEN_WIRE
from tests.support.processes import FLEET, PATIENCE_S, environ, eventually
from tests.support.signed import KEYS, key_of
from tests.support.workers import worker


def test_a_worker_is_there_until_it_is_killed_and_again_when_it_is_started(
    empty_redis_url: str, tmp_path: Path
) -> None:
    received: SimpleQueue[Workers] = SimpleQueue()
    watch = PresenceWatch(redis_client(empty_redis_url), received.put)
    try:
        assert not received.get(timeout=PATIENCE_S).present
        for _ in range(2):
            with worker(empty_redis_url, tmp_path) as process:
                assert received.get(timeout=PATIENCE_S).present
                process.end()
                assert not received.get(timeout=PATIENCE_S).present
    finally:
        watch.close()
        watch.thread.join(PATIENCE_S)


def test_a_worker_that_is_stopped_is_not_there(empty_redis_url: str, tmp_path: Path) -> None:
    with redis.Redis.from_url(empty_redis_url) as client, worker(empty_redis_url, tmp_path) as process:
        eventually("a sign", lambda: has_sign(client))
        process.send(signal.SIGSTOP)
        eventually("no sign", lambda: has_sign(client) is False)
        process.send(signal.SIGCONT)
        eventually("a sign again", lambda: has_sign(client))


def test_an_emptied_redis_is_no_sign_of_a_worker_that_is_gone(empty_redis_url: str, tmp_path: Path) -> None:
    received: SimpleQueue[Workers] = SimpleQueue()
    with redis.Redis.from_url(empty_redis_url) as client, worker(empty_redis_url, tmp_path):
        eventually("a sign", lambda: has_sign(client))
        watch = PresenceWatch(redis_client(empty_redis_url), received.put)
        assert received.get(timeout=PATIENCE_S).present
        for _ in range(3):
            client.flushall()
            time.sleep(1.0)
        watch.close()
        watch.thread.join(PATIENCE_S)
    try:
        news = received.get_nowait()
    except Empty:
        news = None
    assert news is None, "workers were there all the time"


def fleet_workers(redis_url: str, home: Path) -> str:
    env = environ(home, {"FLEET_REDIS_URL": redis_url})
    return subprocess.run([*FLEET, "workers", "--json"], env=env, capture_output=True, check=True, text=True).stdout


def test_a_worker_states_its_release_and_its_limits_and_the_coordinator_forgets_those_of_one_that_ended(
    empty_redis_url: str, tmp_path: Path
) -> None:
    slots = WorkerSlots()
    with redis_client(empty_redis_url) as client:
        with worker(empty_redis_url, tmp_path, settings={"FLEET_VISIBILITY_TIMEOUT_S": "240"}):
            eventually("a statement", lambda: client.hexists(STATEMENTS_KEY, "bench"))
            stated = worker_statements(client)
            shown = json.loads(fleet_workers(empty_redis_url, tmp_path))
        assert stated is not None
        assert stated["bench"] is not None
        assert replace(stated["bench"], host=None) == Statement(
            release=release(),
            wire=WIRE_VERSION,
            oldest_wire=OLDEST_WIRE,
            written_wire=WRITTEN_WIRE,
            time_limit_s=30.0,
            visibility_timeout_s=240.0,
        )
        (row,) = shown["workers"]
        assert (row["worker"], row["release"], row["cores"]) == ("bench", release(), detect().cpu_cores)
        assert row["kind"][2].startswith("openblas"), "numpy's BLAS"
        slots.look(client, 0.0)
        assert client.hexists(STATEMENTS_KEY, "bench"), "it ended a moment ago"
        slots.look(client, 60.0)
        assert not client.exists(STATEMENTS_KEY)
        client.set(STATEMENTS_KEY, "no hash")
        assert worker_statements(client) is None
        slots.look(client, 61.0)
        assert worker_statements(client) == {}


def test_a_sign_that_nobody_renews_ends_however_it_was_written(empty_redis_url: str) -> None:
    with redis.Redis.from_url(empty_redis_url) as client:
        for seconds in (None, 3600):
            client.set(WORKERS_KEY, "rogue", ex=seconds)
            assert has_sign(client), "it is good for a moment"
            assert 0 < client.pttl(WORKERS_KEY) <= WORKERS_KEY_TTL_MS
            eventually("its end", lambda: has_sign(client) is False)


def test_no_redis_says_nothing_of_the_workers() -> None:
    with redis.Redis(port=1, socket_connect_timeout=1) as client:
        assert has_sign(client) is None


def test_a_worker_states_its_free_processes_until_it_is_killed(empty_redis_url: str, tmp_path: Path) -> None:
    watch = PresenceWatch(redis_client(empty_redis_url), lambda _: None)
    try:
        with worker(empty_redis_url, tmp_path) as process:
            eventually("its processes", lambda: watch.slots.free == {"bench": 2})
            process.send(signal.SIGKILL)
            eventually("its end", lambda: watch.slots.free == {})
        with redis.Redis.from_url(empty_redis_url) as client:
            eventually("an empty hash", lambda: not client.exists(SLOTS_KEY))
    finally:
        watch.close()
        watch.thread.join(PATIENCE_S)


def test_rubbish_beside_the_statements_is_removed(empty_redis_url: str) -> None:
    slots = WorkerSlots()
    with redis.Redis.from_url(empty_redis_url) as client, redis_client(empty_redis_url) as reader:
        client.set(SLOTS_KEY, "no hash")
        slots.look(reader, 0.0)
        assert (slots.free, client.exists(SLOTS_KEY)) == (None, 0)
        client.hset(SLOTS_KEY, mapping={f"invented-{number}": "1 0 1" for number in range(MOST_WORKERS + 1)})
        slots.look(reader, 1.0)
        assert (slots.free, client.exists(SLOTS_KEY)) == ({}, 0)
        client.hset(SLOTS_KEY, mapping={"huge": "x" * 5_000_000, "shed": "4 1 1"})
        slots.look(reader, 2.0)
        assert (slots.free, client.exists(SLOTS_KEY)) == (None, 0)
        client.hset(SLOTS_KEY, "shed", "4 1 1")
        slots.look(reader, 3.0)
        assert slots.free == {"shed": 3}
        slots.look(None, 4.0)
        assert slots.free is None


def test_what_workers_state_of_their_hosts_is_told_when_it_changes(empty_redis_url: str, tmp_path: Path) -> None:
    told: SimpleQueue[WorkerKinds | WorkerLevels] = SimpleQueue()
    watch = PresenceWatch(redis_client(empty_redis_url), lambda _: None, told.put)
    try:
        with worker(empty_redis_url, tmp_path):
            found = told.get(timeout=PATIENCE_S)
            assert isinstance(found, WorkerKinds)
            kinds = found.by_worker
            assert list(kinds) == ["bench"]
            assert kinds["bench"][2].startswith("openblas")
    finally:
        watch.close()
        watch.thread.join(PATIENCE_S)


def test_a_worker_with_a_key_signs_its_hosts_kind_and_nothing_else_is_believed(
    empty_redis_url: str, tmp_path: Path
) -> None:
    key = {"FLEET_WORKER__KEY": key_of(OWN_WORKERS).encode()}
    with worker(empty_redis_url, tmp_path, settings=key), redis_client(empty_redis_url) as thief:
        eventually("its statement", lambda: thief.hexists(STATEMENTS_KEY, "bench"))
        for name in ("shed", "attic"):
            thief.hset(SLOTS_KEY, name, "1 0 1")
            thief.hset(STATEMENTS_KEY, name, thief.hget(STATEMENTS_KEY, "bench") or b"")
        told: SimpleQueue[WorkerKinds | WorkerLevels] = SimpleQueue()
        check = ResultSignatures(lambda: KEYS, "auto")
        watch = PresenceWatch(thief, lambda _: None, told.put, knows_kind=check.knows_kind)
        try:
            assert list(told.get(timeout=PATIENCE_S).by_worker) == ["bench"]
        finally:
            watch.close()
            watch.thread.join(PATIENCE_S)
