"""The farm's Redis: whether it takes this role, and whether its settings and its state keep a farm working."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import redis
from redis.exceptions import NoPermissionError

from config.redis_address import Tls, read_redis_url
from fleet.broker.worker_statements import worker_statements
from fleet.doctor.certificates import authority_diagnoses, certificate_diagnoses
from fleet.doctor.clocks import judged_clock
from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.doctor.redis_state import info_diagnoses
from fleet.doctor.statements import judged_coordinator, judged_workers
from tasks.broker.handshake import process_refusal, release
from tasks.broker.queue_lengths import queue_lengths
from tasks.broker.redis_client import redis_client
from tasks.broker.statement import Statement, parse_statement, plain_statement
from tasks.job_queues import QUEUES
from tasks.messages import (
    COORDINATOR_KEY,
    JOBS_QUEUE,
    RELEASE_KEY,
    RESULTS_STREAM,
    WORKERS_KEY,
)
from tasks.text import sanitized
from tasks.wire_versions import WIRE_VERSION, WRITTEN_WIRE, is_spoken, spoken

_TIMEOUT_S = 3.0
#: error code of a refused write, or redis-py's class for it → what to do
_NO_WRITES = {
    "OUTOFMEMORY": "raise maxmemory; if jobs pile up, start more workers",
    "MISCONF": "free space on Redis's disk: it takes no writes since it could not save",
    "READONLY": "name the master in FLEET_REDIS_URL",
    "NOREPLICAS": "start its replicas, or set min-replicas-to-write to 0",
}
_USER = "give the user the rights of its role, or name another user in FLEET_REDIS_URL"


def redis_diagnoses(redis_url: str, own: Statement | None = None) -> Iterator[Diagnosis]:
    """The diagnoses of the Redis at this URL, as far as the URL's role may ask. Writes nothing.

    `own` is what a process with these settings would state there; its limits are compared with those of the others.
    """
    address = read_redis_url(redis_url)
    role = role_of(address.username)
    refusal = process_refusal(redis_url, as_worker=role != "flower", patience_s=0.0)
    if refusal is not None:
        yield _refused(refusal.reason)
        return
    yield ok("redis", f"{address.place} answers, as role {role}")
    if address.tls is not None:
        context = _context(address.tls)
        yield from certificate_diagnoses(
            "redis certificate", address.host, address.port, context, now=time.time(), timeout_s=_TIMEOUT_S
        )
        if address.tls.ca_file is not None:
            yield from authority_diagnoses("redis authority", Path(address.tls.ca_file), time.time())
    if role == "flower":
        return
    with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
        yield from _contents(client, role, own or plain_statement(release()))


def _refused(reason: str) -> Diagnosis:
    """The diagnosis of a refusal, whose words end in the advice where there is one."""
    for mark in ("; ", ": install "):
        found, there, advice = reason.rpartition(mark)
        if there:
            return fail("redis", found, f"{mark.removeprefix(': ')}{advice}".removeprefix("; "))
    return fail("redis", reason, "start Redis there, or correct host, port or database in FLEET_REDIS_URL")


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.check_hostname = tls.check_hostname
    if tls.cert_file is not None:
        # without a password argument, OpenSSL would ask for one on the terminal
        context.load_cert_chain(tls.cert_file, tls.key_file, password="")
    return context


def role_of(user: str | None) -> str:
    """The role in a farm that a user of Redis has, by its name: coordinator, worker, or flower."""
    name = user or ""
    if name == "flower":
        return "flower"
    return "worker" if name == "worker" or name.startswith("host-") else "coordinator"


def _contents(client: redis.Redis, role: str, own: Statement) -> Iterator[Diagnosis]:
    yield _clock(client)
    if role == "worker":
        stated: Any = client.get(RELEASE_KEY)
        yield from judged_coordinator(None if stated is None else parse_statement(stated), own)
        yield not_checked(
            "redis memory", "only the coordinator's role may ask for it; run this on the coordinator's host"
        )
        return
    denied = _denied(client)
    if denied:
        yield fail("redis rights", f"this user lacks the right to {', '.join(denied)}", _USER)
        return
    yield ok("redis rights", "this user may do what a coordinator does")
    yield _writes(client)
    try:
        yield from info_diagnoses(client.info("everything"))
    except NoPermissionError:
        yield not_checked("redis memory", "this user may not ask for INFO")
    yield from _presence(client)
    yield from judged_workers(worker_statements(client), own)


def _clock(client: redis.Redis) -> Diagnosis:
    before = time.time()
    seconds, microseconds = client.time()
    after = time.time()
    return judged_clock("redis clock", seconds + microseconds / 1e6 - (before + after) / 2, (after - before) * 1000)


def _denied(client: redis.Redis) -> list[str]:
    """Commands of a coordinator that Redis denies. Each of them only reads."""
    probes: dict[str, tuple[str, ...]] = {
        "read results": ("XLEN", RESULTS_STREAM),
        "see the queue": ("LLEN", JOBS_QUEUE),
        "see the workers' sign": ("GET", WORKERS_KEY),
        "hold the lease": ("PTTL", COORDINATOR_KEY),
        "state its release": ("GET", RELEASE_KEY),
    }
    return [what for what, command in probes.items() if _is_denied(client, command)]


def _is_denied(client: redis.Redis, command: tuple[str, ...]) -> bool:
    try:
        client.execute_command(*command)  # type: ignore[no-untyped-call]
    except NoPermissionError:
        return True
    except redis.ResponseError:
        # a key of another type; the coordinator replaces it
        return False
    return False


def _writes(client: redis.Redis) -> Diagnosis:
    """Whether Redis takes writes, shown by one that changes nothing: a key that does not exist is set if it exists."""
    subject = "redis writes"
    try:
        client.set("neonet.doctor", "", xx=True)
    except NoPermissionError:
        return fail(subject, "this user may not write the farm's keys", _USER)
    except redis.RedisError as exc:
        # redis-py strips the code of some errors and has a class for them
        said = sanitized(f"{type(exc).__name__} {exc}")[:200]
        advice = next((words for code, words in _NO_WRITES.items() if code in said.upper()), "see Redis's log")
        return fail(subject, f"Redis takes no writes: {sanitized(str(exc))[:160]}", advice)
    return ok(subject, "it takes writes")


def _presence(client: redis.Redis) -> Iterator[Diagnosis]:
    sign: Any = client.get(WORKERS_KEY)
    if sign is None:
        words = "start one: `fleet worker`, or `fleet up` for all parts; a worker's log says why it refuses this Redis"
        yield warn("workers", f"no worker of wire version {spoken()} takes jobs", words)
    else:
        name = sanitized(sign.decode(errors="replace"))[:80]
        yield ok("workers", f"at least one takes jobs, of wire version {spoken()}; the last to say so: {name}")
    yield from judged_queues({wire: _length(client, wire) for wire in range(1, WIRE_VERSION + 3)})


def _length(client: redis.Redis, wire: int) -> int:
    queues = QUEUES.values() if wire == WRITTEN_WIRE else (f"{JOBS_QUEUE.rpartition('.')[0]}.{wire}",)
    try:
        return sum(queue_lengths(client, queues).values())
    except redis.ResponseError:
        return 0


def judged_queues(lengths: Mapping[int, int]) -> Iterator[Diagnosis]:
    """The diagnoses of the queues of jobs, by wire version and length in messages."""
    for wire, length in lengths.items():
        if length and not is_spoken(wire):
            words = f"{length} messages wait for workers of wire version {wire}, which this release does not speak"
            yield warn("queue", words, "run one release on all hosts; open jobs are sent again from the ledger")
    waiting = sum(length for wire, length in lengths.items() if is_spoken(wire))
    yield ok("queue", f"messages that wait for workers: {waiting:,}")
