"""The messages between coordinator and worker: jobs out, results back. Validated, free of numpy and celery.

One file: both directions of the wire share their ids and its limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tasks import strict_json
from tasks.data_size import data_text
from tasks.errors import MessageError
from tasks.text import sanitized
from tasks.wire_versions import WRITTEN_WIRE, is_spoken, jobs_queue, spoken

#: the Celery queue that carries jobs (a Redis list of this name); workers that don't read its version never see it
JOBS_QUEUE = jobs_queue()
#: the Redis stream that carries results
RESULTS_STREAM = "neonet.results"
#: the consumer group in which the coordinator reads results
RESULTS_GROUP = "coordinator"
#: the Redis key in which the coordinator states its release and wire version
RELEASE_KEY = "neonet.release"
#: the Redis key that exists while any worker takes jobs; its value names the last one to say so
WORKERS_KEY = "neonet.workers"
#: how long that key lasts, in milliseconds
WORKERS_KEY_TTL_MS = 4_000
#: the Redis hash in which each worker states its processes and what it holds (`tasks.broker.slots`)
SLOTS_KEY = "neonet.slots"
#: the Redis hash in which each worker states its release and its time limits (`tasks.broker.statement`)
STATEMENTS_KEY = "neonet.statements"
#: the Redis hash in which the coordinator orders hosts to pause or drain: host → `pause` or `drain`
HOSTS_KEY = "neonet.hosts"
#: the field of that hash which is there while the coordinator's orders are
HOSTS_STATED = ""
#: the Redis key that names the coordinator which uses this Redis
COORDINATOR_KEY = "neonet.coordinator"
#: prefix of the Redis key for an invited host's name, which holds its workers' password until it joins or the
#: invitation expires
JOIN_KEY_PREFIX = "neonet.join."
#: prefix of Celery task names, followed by the job type, so that Flower's list can be read and filtered by it
TASK_PREFIX = "neonet."
#: the Celery task that carries several jobs
BUNDLE_TASK = f"{TASK_PREFIX}bundle"
#: the message header with the names of hosts that must leave the message to others
AVOID_HEADER = "avoid"
#: maximum number of jobs in a bundle
MOST_IN_BUNDLE = 32
#: larger entries of the results stream are dropped unread
MAX_RESULT_BYTES = 64 * 1024
#: maximum nesting; a deeper value could exhaust the stack when the result is written out again
_MAX_LEVELS = 32

_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_ATTEMPT_MARK = "~"


class Outcome(Enum):
    """How a worker's attempt at a job ended."""

    #: the kernel returned a result
    COMPUTED = "computed"
    #: the payload is absurd or of an unknown type; another attempt would end the same
    REFUSED = "refused"
    #: the kernel raised
    FAILED = "failed"
    #: the soft or hard time limit ended it
    TIME_LIMIT = "time_limit"
    #: the process that computed it died
    WORKER_LOST = "worker_lost"


#: Celery's exception names for outcomes that no kernel caused
_OUTCOME_BY_EXCEPTION = {
    "PayloadError": Outcome.REFUSED,
    "UnknownJobTypeError": Outcome.REFUSED,
    "MessageError": Outcome.REFUSED,
    "TimeLimitExceeded": Outcome.TIME_LIMIT,
    "SoftTimeLimitExceeded": Outcome.TIME_LIMIT,
    "WorkerLostError": Outcome.WORKER_LOST,
    "Terminated": Outcome.WORKER_LOST,
}


def is_job_id(text: object) -> bool:
    """Whether `text` is a valid job id: 1 to 128 of `A-Z a-z 0-9 . _ : -`, the first a letter or a digit."""
    return isinstance(text, str) and _JOB_ID.fullmatch(text) is not None


def task_id(job_id: str, attempt: int) -> str:
    """The Celery task id of an attempt: the NeoNet job id itself the first time, then `id~2`, `id~3`, …."""
    return job_id if attempt == 1 else f"{job_id}{_ATTEMPT_MARK}{attempt}"


def parse_task_id(text: str) -> tuple[str, int]:
    """Job id and attempt of a Celery task id.

    Raises MessageError when it is not an id made by `task_id`.
    """
    job_id, mark, number = text.partition(_ATTEMPT_MARK)
    if not is_job_id(job_id) or (mark and not (number.isascii() and number.isdigit() and len(number) < 6)):
        raise MessageError(f"{text[:80]!r} is not the task id of a job")
    return job_id, int(number) if mark else 1


@dataclass(frozen=True, kw_only=True, slots=True)
class JobMessage:
    """A job on its way to a worker."""

    #: the server's id of the job
    job_id: str
    #: 1 for the first dispatch of this job
    attempt: int
    #: the miner that the job is computed for: its id within the coordinator, but its name on the way to a worker,
    #: which shows it in Flower and must not know the wallet
    miner_id: str
    #: one of `tasks.jobtypes.JOB_TYPES`
    job_type: str
    #: the server's `data`, as received
    data: Mapping[str, Any]

    @property
    def task_id(self) -> str:
        """The Celery task id of this attempt."""
        return task_id(self.job_id, self.attempt)

    def encode(self) -> dict[str, Any]:
        """The JSON object that is the Celery task's only argument."""
        return {
            "v": WRITTEN_WIRE,
            "job_id": self.job_id,
            "attempt": self.attempt,
            "miner_id": self.miner_id,
            "job_type": self.job_type,
            # as text, since kombu turns an object with "__type__" into one of its own, or fails on it
            "data": data_text(self.data),
        }

    @classmethod
    def decode(cls, message: Any, *, with_data: bool = True) -> JobMessage:
        """The message that `encode` made. `with_data=False` leaves `data` empty, since parsing it takes long.

        Raises MessageError when the version differs or a field is missing or of another type.
        """
        if not isinstance(message, dict):
            raise MessageError(f"a job message is an object, not {type(message).__name__}")
        if not is_spoken(message.get("v")):
            raise MessageError(
                f"the job message is of wire version {message.get('v')!r}, this worker speaks {spoken()}: "
                "run the coordinator's release on this host"
            )
        job_id, attempt, text = message.get("job_id"), message.get("attempt"), message.get("data")
        miner_id, job_type = message.get("miner_id"), message.get("job_type")
        if not (isinstance(job_id, str) and isinstance(miner_id, str) and isinstance(job_type, str)):
            raise MessageError("job_id, miner_id and job_type of a job message are strings")
        if type(attempt) is not int or not isinstance(text, str):
            raise MessageError("attempt of a job message is an integer and data a text")
        return cls(
            job_id=job_id,
            attempt=attempt,
            miner_id=miner_id,
            job_type=job_type,
            data=_read_data(text) if with_data else {},
        )


def _read_data(text: str) -> dict[str, Any]:
    try:
        data = strict_json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise MessageError(f"data of a job message is not JSON: {exc!r:.120}") from exc
    if not isinstance(data, dict):
        raise MessageError("data of a job message is an object")
    return data


def described(job: JobMessage) -> str:
    """The text that Flower shows as a job's arguments, instead of a truncated payload."""
    return f"miner={job.miner_id} attempt={job.attempt}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultMessage:
    """The outcome of one attempt at a job."""

    job_id: str
    #: number of the attempt
    attempt: int
    outcome: Outcome
    #: the kernel's result; empty unless the outcome is COMPUTED
    result: Mapping[str, Any]
    #: why there is no result; empty when there is one
    error: str = ""
    #: the Celery node that computed it, `worker@host`
    worker: str = ""
    #: version of the kernels that computed it
    kernel_version: str = ""
    #: time inside the kernel, in milliseconds
    compute_ms: float = 0.0


def encode_computed(*, result: Mapping[str, Any], kernel_version: str, compute_ms: float) -> dict[str, Any]:
    """The return value of a Celery task for a computed job."""
    return {"v": WRITTEN_WIRE, "result": dict(result), "kernel": kernel_version, "ms": round(compute_ms, 3)}


def stream_fields(*, task: str, state: str, worker: str, body: Any) -> dict[str, str]:
    """The fields of one entry of the results stream.

    `body` is the task's return value, or Celery's `{exc_type, exc_message}` of a failure. An oversized body becomes a
    failure.
    """
    text = json.dumps(body, default=str, separators=(",", ":"))
    if len(text) > MAX_RESULT_BYTES // 2:
        problem = {"exc_type": "MessageError", "exc_message": f"result of {len(text)} bytes, over the bound"}
        state, text = "FAILURE", json.dumps(problem)
    return {"task": task, "state": state, "worker": worker, "body": text}


def parse_stream_fields(fields: Mapping[bytes, bytes]) -> ResultMessage:
    """A result read from the stream, which anyone with a worker's password can write to.

    Raises MessageError when it is too large, cut, of another version or not a result at all.
    """
    if sum(len(key) + len(value) for key, value in fields.items()) > MAX_RESULT_BYTES:
        raise MessageError(f"a stream entry over {MAX_RESULT_BYTES} bytes")
    try:
        job_id, attempt = parse_task_id(fields[b"task"].decode())
        state, worker = fields[b"state"].decode(), sanitized(fields.get(b"worker", b"").decode()[:128])
        body = strict_json.loads(fields[b"body"])
    except (KeyError, ValueError, RecursionError) as exc:
        raise MessageError(f"not a result: {exc!r:.200}") from exc
    if not isinstance(body, dict):
        raise MessageError("the body of a result is an object")
    if deeper_than(body, _MAX_LEVELS):
        raise MessageError(f"a result nested over {_MAX_LEVELS} levels")
    if state == "SUCCESS":
        return _computed(job_id, attempt, worker, body)
    return ResultMessage(
        job_id=job_id,
        attempt=attempt,
        outcome=_OUTCOME_BY_EXCEPTION.get(str(body.get("exc_type")), Outcome.FAILED),
        result={},
        error=sanitized(f"{body.get('exc_type', state)}: {_first_text(body.get('exc_message'))}"[:300]),
        worker=worker,
    )


def _computed(job_id: str, attempt: int, worker: str, body: dict[str, Any]) -> ResultMessage:
    if not is_spoken(body.get("v")):
        raise MessageError(f"{worker or 'a worker'} speaks wire version {body.get('v')!r}, not {spoken()}")
    result, kernel, ms = body.get("result"), body.get("kernel"), body.get("ms")
    if not isinstance(result, dict) or not isinstance(kernel, str):
        raise MessageError("a computed result holds an object `result` and a string `kernel`")
    # NaN fails the comparison, and an integer too long for a float is compared exactly
    if isinstance(ms, bool) or not isinstance(ms, int | float) or not 0 <= ms < 1e9:
        raise MessageError(f"compute time {ms!r:.40} is not a number of milliseconds")
    return ResultMessage(
        job_id=job_id,
        attempt=attempt,
        outcome=Outcome.COMPUTED,
        result=result,
        worker=worker,
        kernel_version=sanitized(kernel[:64]),
        compute_ms=float(ms),
    )


def _first_text(message: Any) -> str:
    """The text of a failure's message: Celery stores an exception's arguments as a list, tuple or text."""
    if isinstance(message, list | tuple):
        return ", ".join(str(part) for part in message)
    return str(message)


def deeper_than(value: Any, levels: int) -> bool:
    """Whether arrays and objects are nested more than `levels` deep, checked without recursion."""
    layer = [value]
    for _ in range(levels + 1):
        boxes = [item for item in layer if isinstance(item, dict | list)]
        layer = [inner for box in boxes for inner in (box.values() if isinstance(box, dict) else box)]
    return bool(layer)
