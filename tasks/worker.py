"""The worker: one thin Celery task per job type, a heartbeat file, and the door by which a worker host starts."""

from __future__ import annotations

import json
import logging
import socket
import time
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.signals import setup_logging

from config.logs import set_up
from config.settings import Settings
from tasks import catalog
from tasks.app import make_app
from tasks.errors import MessageError
from tasks.hardware import detect
from tasks.jobtypes import JOB_TYPES
from tasks.messages import TASK_PREFIX, JobMessage, encode_computed

_BEAT_S = 5.0
_log = logging.getLogger(__name__)


def compute(message: Any, max_payload_bytes: int) -> dict[str, Any]:
    """Compute a job message and return what goes back on the wire.

    Raises MessageError when the message is malformed, of another version or over `max_payload_bytes`; PayloadError and
    UnknownJobTypeError as the catalog does. Each of them reaches the coordinator as a refusal.
    """
    job = JobMessage.decode(message)
    try:
        size = len(json.dumps(job.data))
    except (RecursionError, ValueError) as exc:
        raise MessageError(f"data can't be measured: {exc}") from exc
    if size > max_payload_bytes:
        raise MessageError(f"data of {size} bytes, at most {max_payload_bytes} are computed: worker.max_payload_bytes")
    started = time.perf_counter()
    result = catalog.compute(job.job_type, job.data, job_id=job.job_id)
    elapsed_ms = (time.perf_counter() - started) * 1000
    return encode_computed(result=result, kernel_version=catalog.KERNEL_VERSION, compute_ms=elapsed_ms)


def register_tasks(app: Celery, max_payload_bytes: int) -> None:
    """One task a job type, named by it, so that Flower's list reads and filters by job type."""

    def run(message: Any) -> dict[str, Any]:
        return compute(message, max_payload_bytes)

    for job_type in JOB_TYPES:
        app.task(run, name=TASK_PREFIX + job_type, typing=False)


class HeartbeatFile(bootsteps.StartStopStep):
    """Touches a file from the consumer's own loop: when the loop stands still, the file grows old."""

    requires = {"celery.worker.consumer.connection:Connection"}  # noqa: RUF012 - the name and type are Celery's
    #: set by the door before the worker is built
    path: Path | None = None

    def start(self, consumer: Any) -> None:
        """The consumer is connected: beat at once, then every five seconds."""
        if self.path is not None:
            self._touch()
            self._timer = consumer.timer.call_repeatedly(_BEAT_S, self._touch)

    def stop(self, _consumer: Any) -> None:
        """The connection is gone: the file grows old until it is back."""
        timer = getattr(self, "_timer", None)
        if timer is not None:
            timer.cancel()

    def _touch(self) -> None:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()


def worker_app(settings: Settings, redis_url: str) -> Celery:
    """The app of a worker host: tasks registered, heartbeat file in place."""
    app = make_app(settings, redis_url)
    register_tasks(app, settings.worker.max_payload_bytes)
    HeartbeatFile.path = settings.worker.heartbeat_file
    app.steps["consumer"].add(HeartbeatFile)
    return app


def run_worker(settings: Settings, redis_url: str) -> int:
    """Work until told to stop; the process's exit code. SIGTERM finishes the jobs at hand first."""

    @setup_logging.connect(weak=False)
    def _keep_our_logs(**_: Any) -> None:
        set_up(settings.log)

    name = settings.worker.name or socket.gethostname()
    concurrency = settings.worker.concurrency or detect().cpu_cores
    app = worker_app(settings, redis_url)
    worker = app.Worker(
        hostname=f"worker@{name}",
        concurrency=concurrency,
        pool="prefork",
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)
