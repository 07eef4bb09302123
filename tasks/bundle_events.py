"""What the worker's main process tells Flower of a bundle: of each of its jobs, as if it had come alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from celery.worker.request import Request

from tasks.bundle import jobs_of
from tasks.errors import MessageError
from tasks.messages import TASK_PREFIX, described, task_id


class BundleRequest(Request):
    """A bundle as the worker's main process sees it: what would be told of the bundle is told of each of its jobs."""

    def send_event(self, type: str, **fields: Any) -> None:  # noqa: A002 - the name is Celery's
        """Tell Flower."""
        if not (self._eventer and self._eventer.enabled):
            return
        for name, uuid, more in self._told(type, fields):
            self._eventer.send(name, uuid=uuid, **more)

    def _told(self, kind: str, fields: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        if kind == "task-succeeded":
            yield from _ends_told(fields["result"])
            return
        try:
            jobs = jobs_of(*self.args)
        except (MessageError, TypeError):
            return
        for job in jobs:
            uuid = task_id(job.job_id, job.attempt)
            if kind == "task-started":
                shown = {"name": TASK_PREFIX + job.job_type, "args": described(job), "kwargs": "", "retries": 0}
                yield "task-received", uuid, shown
            yield kind, uuid, fields


def _ends_told(text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    ends: Sequence[tuple[str, float, str, str]] = json.loads(text)
    for task, seconds, error, result in ends:
        if error:
            yield "task-failed", task, {"exception": error, "traceback": ""}
        else:
            yield "task-succeeded", task, {"result": result, "runtime": seconds}
