"""Sanitizes events for Flower: only known fields, each of the type that Flower's pages expect."""

from __future__ import annotations

from typing import Any

from tasks.jobtypes import JOB_TYPES
from tasks.messages import TASK_PREFIX
from tasks.text import sanitized

#: the known events; Flower would show any other name as a state
_KINDS = frozenset(
    {
        *("worker-online", "worker-heartbeat", "worker-offline"),
        *("task-sent", "task-received", "task-started", "task-succeeded"),
        *("task-failed", "task-rejected", "task-revoked", "task-retried"),
    }
)
#: fields that serve as keys and labels: an event without a usable one is dropped
_NAMES = ("hostname", "uuid", "name")
#: the known tasks; all others share one name, since each name is a label of several metrics that are kept for good
_TASKS = frozenset(TASK_PREFIX + job_type for job_type in JOB_TYPES)
_OTHER = "other"
#: Field → most characters. Flower keeps the fields of ten thousand jobs, and a character may take four bytes.
_TEXTS = {
    "traceback": 2_000,
    **dict.fromkeys(("result", "exception"), 500),
    "args": 300,
    **dict.fromkeys(("kwargs", "eta", "expires", "root_id", "parent_id"), 100),
    **dict.fromkeys(("queue", "exchange", "routing_key", "sw_ident", "sw_ver", "sw_sys"), 100),
}
_COUNT = (0.0, 1e15)
#: field → smallest and largest number
_NUMBERS = {
    # until the year 5138
    "timestamp": (0.0, 1e11),
    "utcoffset": (-24.0, 24.0),
    # seconds between two heartbeats, which determine how long a silent worker counts as online
    "freq": (0.1, 600.0),
    **dict.fromkeys(("clock", "pid", "retries", "runtime", "active", "processed", "signum"), _COUNT),
}
_NAME_CHARS = 256
_LOADS = 3


def plain_event(event: object) -> dict[str, Any] | None:
    """The event with valid texts and numbers only, or None for one that is not a worker's event.

    Anyone with a worker's password can publish anything here. Flower's pages escape only texts: markup inside a list
    would run in the visitor's browser, and a list in place of a number causes an error page.
    """
    if not isinstance(event, dict):
        return None
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        return None
    kept: dict[str, Any] = {name: event[name] for name in _NAMES if _is_name(event.get(name))}
    if "hostname" not in kept or ("uuid" not in kept and kind.startswith("task-")):
        return None
    kept["type"] = kind
    if "name" in kept and kept["name"] not in _TASKS:
        kept["name"] = _OTHER
    kept |= {name: _text(event[name], most) for name, most in _TEXTS.items() if event.get(name) is not None}
    kept |= {name: event[name] for name, bounds in _NUMBERS.items() if _is_number(event.get(name), *bounds)}
    if "timestamp" not in kept:
        return None
    loads = event.get("loadavg")
    if isinstance(loads, list):
        kept["loadavg"] = [load for load in loads[:_LOADS] if _is_number(load, *_COUNT)]
    return kept


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _NAME_CHARS and value.isprintable()


def _is_number(value: object, least: float, greatest: float) -> bool:
    # a bool is an int, and NaN fails every comparison
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= greatest


def _text(value: object, most: int) -> str:
    """The value as text, of at most `most` characters. Of more lines than fit, the last are kept, as a traceback's."""
    try:
        text = value if isinstance(value, str) else str(value)
    except RecursionError:
        return "nested too deeply to be shown"
    text = text[-most:] if "\n" in text else text[:most]
    # keeps a traceback's lines
    return "\n".join(sanitized(line) for line in text.split("\n"))
