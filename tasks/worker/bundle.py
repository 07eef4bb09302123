"""Several light jobs in one Celery message: computed one after the other, answered and told to Flower one by one.

Celery costs one to two milliseconds a message, twenty times what a light kernel takes. The message's own id is nobody's
job: each job of it has its own entry in the results stream and its own events, as if it had come alone.
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
class End:
    """How one job of a bundle ended."""

    #: its own Celery task id
    task: str
    #: what went wrong, or None
    error: Exception | None
    #: what its task would have returned
    body: dict[str, Any]
    seconds: float

    @property
    def state(self) -> str:
        """Celery's word for it."""
        return str(states.FAILURE if self.error else states.SUCCESS)

    @property
    def told(self) -> tuple[str, float, str, str]:
        """What Flower hears of it: task id, seconds, and the error or the result, cut as Celery cuts them."""
        error, result = (repr(self.error), "") if self.error else ("", repr(self.body))
        return self.task, self.seconds, error[:_SHOWN], result[:_SHOWN]


@dataclass(frozen=True, repr=False, slots=True)
class Bundled:
    """The ends of a bundle's jobs. Its text is all that Celery hands to the worker's main process."""

    ends: list[End]

    def __repr__(self) -> str:
        return json.dumps([end.told for end in self.ends])


def compute_each(messages: Any, compute: Callable[[Any], dict[str, Any]]) -> Bundled:
    """Compute a bundle's jobs in turn: one that fails or is stopped by the soft time limit takes no other with it.

    Raises MessageError when `messages` is no list of job messages.
    """
    ends = []
    for raw, job in zip(messages, jobs_of(messages), strict=True):
        started = time.perf_counter()
        body, error = {}, None
        try:
            body = compute(raw)
        except Exception as exc:  # noqa: BLE001 - whatever a kernel raises is that job's end, as Celery sees it
            # without the frames that it came from, and all that they hold
            error = exc.with_traceback(None)
            error.__cause__ = error.__context__ = None
        ends.append(
            End(
                task=job.task_id,
                error=error,
                body=body,
                seconds=time.perf_counter() - started,
            )
        )
    return Bundled(ends)


def jobs_of(messages: Any) -> list[JobMessage]:
    """The jobs of a bundle, without their data.

    Raises MessageError when it is no list of job messages, or one of too many.
    """
    if not isinstance(messages, list) or len(messages) > MOST_IN_BUNDLE:
        raise MessageError(f"a bundle is a list of at most {MOST_IN_BUNDLE} job messages")
    return [JobMessage.decode(message, with_data=False) for message in messages]


def jobs_in(args: Any) -> list[JobMessage]:
    """The jobs that a bundle's task was called with; none when it was malformed, so that nobody waits for it."""
    try:
        return jobs_of(*args)
    except (MessageError, TypeError):
        return []
