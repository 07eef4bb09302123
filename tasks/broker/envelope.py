"""Validates a queue message's envelope: only messages in the form that the coordinator's dispatcher writes pass.

Anyone with a worker's password can put anything into the queue, and much of it would make Celery end the worker. So an
envelope is read field by field, and only known fields reach Celery: no time limits, no callbacks and no other task that
an attacker chose.
"""

from __future__ import annotations

from typing import Any

from tasks.errors import MessageError
from tasks.job_queues import LEVEL_HEADER
from tasks.jobtypes import JOB_TYPES, LEVELS
from tasks.messages import AVOID_HEADER, BUNDLE_TASK, JOBS_QUEUE, TASK_PREFIX, deeper_than, parse_task_id
from tasks.text import sanitized

_TASKS = frozenset({BUNDLE_TASK, *(TASK_PREFIX + job_type for job_type in JOB_TYPES)})
_SHOWN = 256
_LONGEST_TAG = 64
_MOST_AVOIDED = 16
#: depth of the arguments: a list with one bundle, which is a list of jobs, which are objects
_LEVELS = 3
#: parts of a body: positional arguments, named arguments, and what to do with the result
_PARTS = 3


def sanitized_envelope(raw: object, queue: str = JOBS_QUEUE) -> dict[str, Any]:
    """The envelope of a message from `queue`, with only the fields that a dispatcher sets. Its body is not read yet.

    Raises MessageError when `raw`, a JSON value, is not the envelope of a job or of a bundle.
    """
    headers, properties = _part(raw, "headers"), _part(raw, "properties")
    name, task = _task(headers)
    tag = properties.get("delivery_tag")
    if not isinstance(tag, str) or not 0 < len(tag) <= _LONGEST_TAG or not tag.isprintable():
        raise MessageError(f"its delivery tag is {tag!r:.80}")
    body = _part(raw, "body", str)
    if properties.get("body_encoding") != "base64":
        raise MessageError(f"its body is encoded as {properties.get('body_encoding')!r:.80}")
    shown = headers.get("argsrepr")
    return {
        "body": body,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": name,
            "id": task,
            "root_id": task,
            "parent_id": None,
            "argsrepr": sanitized(shown[:_SHOWN]) if isinstance(shown, str) else "",
            "kwargsrepr": "",
            "redelivered": headers.get("redelivered") is True,
            AVOID_HEADER: _names(headers.get(AVOID_HEADER)),
            LEVEL_HEADER: _level(headers.get(LEVEL_HEADER)),
        },
        "properties": {
            "correlation_id": task,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": tag,
        },
    }


def _task(headers: dict[str, Any]) -> tuple[str, str]:
    """The name and the id of the task that a message is for."""
    name, task = headers.get("task"), headers.get("id")
    if not isinstance(name, str) or name not in _TASKS:
        raise MessageError(f"it is for the task {name!r:.80}, which no worker has")
    if not isinstance(task, str):
        raise MessageError(f"its id is {task!r:.80}")
    parse_task_id(task)
    return name, task


def _names(value: object) -> list[str]:
    """The hosts that must leave the message to others; a dispatcher never names more than a few."""
    few = value[:_MOST_AVOIDED] if isinstance(value, list) else []
    return [name for name in few if isinstance(name, str) and len(name) <= _SHOWN]


def _level(value: object) -> int:
    """The level of its jobs' class; that of any host where none is stated."""
    return value if type(value) is int and value in LEVELS else LEVELS[0]


def _part(raw: object, name: str, kind: type = dict) -> Any:
    found = raw.get(name) if isinstance(raw, dict) else None
    if not isinstance(found, kind):
        raise MessageError(f"it has no {name}, but {found!r:.80}" if isinstance(raw, dict) else f"it is {raw!r:.80}")
    return found


def check_arguments(payload: object) -> None:
    """Raise MessageError unless the decoded body is Celery's second protocol with one message as its only argument."""
    if not isinstance(payload, list) or len(payload) != _PARTS:
        raise MessageError("its body is no triple")
    arguments, names, _ = payload
    if not isinstance(arguments, list) or len(arguments) != 1 or names != {} or deeper_than(arguments, _LEVELS):
        raise MessageError("its body holds other arguments than one message")
