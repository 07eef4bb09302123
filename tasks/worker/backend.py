"""A Celery result backend that writes the end of each task to one durable Redis stream.

Celery stores a result before it acks the message (`task_acks_late`), so every ended attempt has at least one entry
here; the coordinator takes the first. Success, failure, a time limit and a lost child are all reported this way.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import redis
from billiard.exceptions import WorkerLostError
from celery import states
from celery.backends.base import BaseBackend

from tasks.broker.redis_client import redis_client
from tasks.host import stopping
from tasks.host.oom import OomKills
from tasks.messages import BUNDLE_TASK, RESULTS_STREAM, stream_fields
from tasks.worker.bundle import BundleEnds, jobs_in
from tasks.worker.signatures import signatures

_log = logging.getLogger(__name__)


class StreamBackend(BaseBackend):
    """`result_backend = "tasks.worker.backend.StreamBackend+redis://…"`; results can't be read back through Celery."""

    #: set by a worker's start before its processes fork, since the backend is made on first use, possibly after a kill
    kills: OomKills | None = None

    def __init__(self, *args: Any, url: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, url=url, **kwargs)
        self._redis_url = str(url)
        self._clients: dict[int, redis.Redis] = {}

    @property
    def client(self) -> redis.Redis:
        """A connection for this process alone: a forked child must not share its parent's socket."""
        pid = os.getpid()
        if pid not in self._clients:
            self._clients[pid] = redis_client(self._redis_url)
        return self._clients[pid]

    def exception_safe_to_retry(self, exc: BaseException) -> bool:
        """True, so that Celery keeps the result and retries while Redis is unavailable (`result_backend_always_retry`).

        It acks only after that. Once the worker was asked to stop, it retries only for seconds: the coordinator
        dispatches the job again.
        """
        away = isinstance(exc, redis.ConnectionError | redis.TimeoutError | redis.BusyLoadingError)
        return away and not stopping.gives_up()

    def encode_result(self, result: Any, state: str) -> Any:
        """As Celery does, but a process that the system killed for lack of memory is reported as such."""
        if isinstance(result, WorkerLostError):
            reason = self.kills.reason() if self.kills else None
            if reason is not None:
                _log.error("%s", reason)
                return super().encode_result(WorkerLostError(f"{result}: {reason}"), state)
        return super().encode_result(result, state)

    def _store_result(
        self, task_id: str, result: Any, state: str, _traceback: Any = None, request: Any = None, **_: Any
    ) -> Any:
        if state in states.READY_STATES:
            worker = getattr(request, "hostname", None) or ""
            pipeline = self.client.pipeline(transaction=False)
            for task, end, body, job in self._ends(task_id, result, state, request):
                fields = stream_fields(task=task, state=end, worker=worker, body=body)
                pipeline.xadd(RESULTS_STREAM, signatures.signed(fields, job))  # type: ignore[arg-type]
            try:
                pipeline.execute()
            except redis.ResponseError as exc:
                # raised, it would reach the main process with its whole stack, which tries again and blocks its loop
                _log.error("Redis refused a result, and the coordinator sends its job again: %s", exc)
        return result

    def _ends(self, task_id: str, result: Any, state: str, request: Any) -> Iterator[tuple[str, str, Any, Any]]:
        """Task id, state, body and message of each job that ended: one, or all of a bundle."""
        args: Any = getattr(request, "args", None)
        if isinstance(result, BundleEnds):
            for end in result.ends:
                body = self.prepare_exception(end.error) if end.error else end.body
                yield end.task, end.state, body, end.message
        elif getattr(request, "task", "") == BUNDLE_TASK:
            # the bundle was lost as a whole, since none of its jobs' results were written
            for number, job in enumerate(jobs_in(args)):
                yield job.task_id, state, result, args[0][number]
        else:
            yield task_id, state, result, args[0] if args else None

    def get_task_meta(self, task_id: str, **_: Any) -> dict[str, Any]:
        """Always PENDING: the ledger, not Celery, knows a job's outcome."""
        return {"status": states.PENDING, "result": None, "task_id": task_id}

    _get_task_meta_for = get_task_meta

    def _forget(self, task_id: str) -> None:
        """Nothing is kept per task."""
