"""Flower events about a bundle, sent by the worker's main process for each job as if it had come alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from celery.worker.request import Request

from tasks.messages import TASK_PREFIX, described
from tasks.worker.bundle import jobs_in


class BundleRequest(Request):
    """A bundle in the worker's main process, which sends each event once for every job of the bundle."""

    def send_event(self, type: str, **fields: Any) -> None:  # noqa: A002 - the name is Celery's
        """Send an event to Flower for each job."""
        if not (self._eventer and self._eventer.enabled):
            return
        for name, uuid, more in self._events_of(type, fields):
            self._eventer.send(name, uuid=uuid, **more)

    def _events_of(self, kind: str, fields: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        if kind == "task-succeeded":
            yield from _end_events(fields["result"])
            return
        for job in jobs_in(self.args):
            if kind == "task-started":
                shown = {"name": TASK_PREFIX + job.job_type, "args": described(job), "kwargs": "", "retries": 0}
                yield "task-received", job.task_id, shown
            yield kind, job.task_id, fields


def _end_events(text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    ends: Sequence[tuple[str, float, str, str]] = json.loads(text)
    for task, seconds, error, result in ends:
        if error:
            yield "task-failed", task, {"exception": error, "traceback": ""}
        else:
            yield "task-succeeded", task, {"result": result, "runtime": seconds}
