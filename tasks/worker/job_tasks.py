"""The worker's Celery tasks: a thin one per job type, and one for bundles."""

from __future__ import annotations

import time
from typing import Any

from celery import Celery

from tasks.errors import MessageError, OutOfMemoryError, PayloadError, UnknownJobTypeError
from tasks.jobtypes import JOB_TYPES
from tasks.messages import BUNDLE_TASK, TASK_PREFIX, JobMessage, encode_computed
from tasks.worker.bundle import BundleEnds, compute_each
from tasks.worker.bundle_events import BundleRequest
from tasks.worker.failures import failures
from tasks.worker.gpu_jobs import gpu_jobs
from tasks.worker.resting import resting
from tasks.worker.soft_limit import soft_limit
from tasks.worker.strategy import selective

#: maximum length of a pool process's report on a bundle, in characters
_BUNDLE_TEXT = 1 << 20
_STRATEGY = f"{selective.__module__}:{selective.__qualname__}"


def compute(message: Any, max_payload_bytes: int) -> dict[str, Any]:
    """Compute a job message and return the reply.

    Raises MessageError when the message is malformed, of another version or over `max_payload_bytes`; PayloadError and
    UnknownJobTypeError as the catalog does. Each of them reaches the coordinator as a refusal. Raises OutOfMemoryError
    when the kernel needs more memory than there is, and SoftTimeLimitExceeded; both count as a failed attempt.
    """
    size = len(message["data"]) if isinstance(message, dict) and isinstance(message.get("data"), str) else 0
    if size > max_payload_bytes:
        raise MessageError(f"data of {size} bytes, at most {max_payload_bytes} are computed: worker.max_payload_bytes")
    job = JobMessage.decode(message)
    started = time.perf_counter()
    try:
        with soft_limit.interrupts():
            result, version = gpu_jobs.compute(job.job_type, job.data, job_id=job.job_id)
    except MemoryError as exc:
        raise OutOfMemoryError(f"{job.job_type} needs more memory than this host has: {exc!r}") from exc
    elapsed_ms = (time.perf_counter() - started) * 1000
    return encode_computed(result=result, kernel_version=version, compute_ms=elapsed_ms)


def register_tasks(app: Celery, max_payload_bytes: int) -> None:
    """Register one task per job type under its name, so that Flower's list can be read and filtered by job type."""

    def run(message: Any) -> dict[str, Any]:
        resting.before_job()
        soft_limit.begin()
        return run_one(message)

    def run_one(message: Any) -> dict[str, Any]:
        failures.begun()
        try:
            result = compute(message, max_payload_bytes)
        except (MessageError, PayloadError, UnknownJobTypeError):
            failures.refused()
            raise
        failures.computed()
        return result

    def run_each(messages: Any) -> BundleEnds:
        resting.before_job()
        soft_limit.begin()
        return compute_each(messages, run_one)

    for job_type in JOB_TYPES:
        app.task(run, name=TASK_PREFIX + job_type, typing=False, Strategy=_STRATEGY)
    app.task(
        run_each,
        name=BUNDLE_TASK,
        typing=False,
        Strategy=_STRATEGY,
        Request=f"{BundleRequest.__module__}:{BundleRequest.__qualname__}",
        # its events are those of its jobs
        send_events=False,
        resultrepr_maxsize=_BUNDLE_TEXT,
    )


def drop_built_in_tasks(app: Celery) -> None:
    """Remove Celery's own tasks, such as `celery.starmap`, which call whatever a message names and are never jobs."""
    app.finalize()
    for name in [name for name in app.tasks if name.startswith("celery.")]:
        app.tasks.unregister(name)
