"""Bundles: several light jobs in one Celery message, each with its own result and its own Flower events.

Celery costs one to two milliseconds a message, twenty times what a light kernel takes. The message's id belongs to no
job. Each job in it has its own entry in the results stream and its own events, as if it had come alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import states

from tasks.errors import MessageError
from tasks.messages import MOST_IN_BUNDLE, JobMessage

_SHOWN = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class JobEnd:
    """How one job of a bundle ended."""

    #: its own Celery task id
    task: str
    #: the exception that ended it, or None
    error: Exception | None
    #: the return value of its task
    body: dict[str, Any]
    #: the message that it came in
    message: Any
    seconds: float

    @property
    def state(self) -> str:
        """Celery's state for it."""
        return str(states.FAILURE if self.error else states.SUCCESS)

    @property
    def event_fields(self) -> tuple[str, float, str, str]:
        """The fields of Flower's event: task id, seconds, and the error or the result, truncated as Celery does."""
        error, result = (repr(self.error), "") if self.error else ("", repr(self.body))
        return self.task, self.seconds, error[:_SHOWN], result[:_SHOWN]


@dataclass(frozen=True, repr=False, slots=True)
class BundleEnds:
    """The ends of a bundle's jobs. Its text is all that Celery passes to the worker's main process."""

    ends: list[JobEnd]

    def __repr__(self) -> str:
        return json.dumps([end.event_fields for end in self.ends])


def compute_each(messages: Any, compute: Callable[[Any], dict[str, Any]]) -> BundleEnds:
    """Compute a bundle's jobs in turn. A job that fails or reaches the soft time limit does not affect the others.

    Raises MessageError when `messages` is not a list of job messages.
    """
    ends = []
    for raw, job in zip(messages, jobs_of(messages), strict=True):
        started = time.perf_counter()
        body, error = {}, None
        try:
            body = compute(raw)
        except Exception as exc:  # noqa: BLE001 - whatever a kernel raises is that job's end, as Celery sees it
            # without its frames, which keep objects alive
            error = exc.with_traceback(None)
            error.__cause__ = error.__context__ = None
        ends.append(
            JobEnd(
                task=job.task_id,
                error=error,
                body=body,
                message=raw,
                seconds=time.perf_counter() - started,
            )
        )
    return BundleEnds(ends)


def jobs_of(messages: Any) -> list[JobMessage]:
    """The jobs of a bundle, without their data.

    Raises MessageError when it is not a list of job messages, or too long a one.
    """
    if not isinstance(messages, list) or len(messages) > MOST_IN_BUNDLE:
        raise MessageError(f"a bundle is a list of at most {MOST_IN_BUNDLE} job messages")
    return [JobMessage.decode(message, with_data=False) for message in messages]


def jobs_in(args: Any) -> list[JobMessage]:
    """The jobs in the arguments of a bundle's task; none when they are malformed, since no job waits for those."""
    try:
        return jobs_of(*args)
    except (MessageError, TypeError):
        return []
