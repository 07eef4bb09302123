"""Messages that no coordinator sends, made from a genuine one, for the queue of all workers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import redis

from tasks.messages import JOBS_QUEUE, TASK_PREFIX
from tests.support.workers import job, send

Message = dict[str, Any]
_DEEP = 20_000


def genuine(redis_url: str) -> Message:
    """A message as the dispatcher writes it. `redis_url` names a database that no worker reads."""
    with redis.Redis.from_url(redis_url) as client:
        send(redis_url, job("job-model", {"transactions": [{"amount": 5, "from": "a", "to": "b"}]}))
        raw = client.rpop(JOBS_QUEUE)
        client.flushdb()
    assert isinstance(raw, bytes)
    message: Message = json.loads(raw)
    return message


def _body(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def _with(*path: str, value: object) -> Callable[[Message], object]:
    """The genuine message with another value at `path`."""

    def change(message: Message) -> object:
        at: Any = message
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = value
        return message

    return change


def _without(*path: str) -> Callable[[Message], object]:
    """The genuine message without the value at `path`."""

    def change(message: Message) -> object:
        at: Any = message
        for name in path[:-1]:
            at = at[name]
        del at[path[-1]]
        return message

    return change


def _raw(value: bytes) -> Callable[[Message], object]:
    return lambda _message: value


_ODD: dict[str, object] = {
    "null": None,
    "number": 7,
    "text": "text",
    "list": [1, [2]],
    "object": {"a": {"b": 1}},
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "body": ("body",),
    "headers": ("headers",),
    "properties": ("properties",),
    "content-type": ("content-type",),
    "content-encoding": ("content-encoding",),
    "id": ("headers", "id"),
    "task": ("headers", "task"),
    "timelimit": ("headers", "timelimit"),
    "eta": ("headers", "eta"),
    "expires": ("headers", "expires"),
    "retries": ("headers", "retries"),
    "shadow": ("headers", "shadow"),
    "argsrepr": ("headers", "argsrepr"),
    "delivery_tag": ("properties", "delivery_tag"),
    "delivery_info": ("properties", "delivery_info"),
    "body_encoding": ("properties", "body_encoding"),
    "priority": ("properties", "priority"),
}
BROKEN: dict[str, Callable[[Message], object]] = {
    **{f"{name} is {kind}": _with(*path, value=odd) for name, path in _FIELDS.items() for kind, odd in _ODD.items()},
    **{
        f"no {name}": _without(*path) for name, path in _FIELDS.items() if path[-1] in {"body", "headers", "properties"}
    },
    **{f"no {name}": _without(*_FIELDS[name]) for name in ("id", "task", "delivery_tag", "delivery_info")},
    "empty": _raw(b""),
    "binary": _raw(bytes(range(256))),
    "no JSON": _raw(b"{cut"),
    "pickled": _raw(b"\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix"),
    "not UTF-8": _raw(b'{"a": "\xff\xfe"}'),
    "nested past any stack": _raw(b"[" * _DEEP),
    "a number past any float": _raw(b'{"properties": 1' + b"0" * 5000 + b"}"),
    "a name of a type that kombu builds": _raw(b'{"__type__": "datetime", "__value__": {"a": 1}}'),
    "a name of a type that nobody knows": _raw(b'{"__type__": "os.system", "__value__": ["x"]}'),
    **{f"it is {kind}": _raw(json.dumps(odd).encode()) for kind, odd in _ODD.items()},
    "body is no base64": _with("body", value="!!!"),
    "body is base64 of bytes": _with("body", value=base64.b64encode(bytes(range(256))).decode()),
    "body is cut": _with("body", value=base64.b64encode(b"[[{").decode()),
    "body is no triple": _with("body", value=_body([[{}], {}])),
    "body is a triple of numbers": _with("body", value=_body([1, 2, 3])),
    "body is an object of args": _with("body", value=_body({"args": [1], "kwargs": {}})),
    "body has callbacks": _with("body", value=_body([[{}], {}, {"callbacks": [{"task": "celery.backend_cleanup"}]}])),
    "body has a chain": _with("body", value=_body([[{}], {}, {"chain": [1], "chord": 5}])),
    "body has names of arguments": _with("body", value=_body([[], {"message": {}}, {}])),
    "body has no arguments": _with("body", value=_body([[], {}, {}])),
    "body nested past any stack": _with("body", value=base64.b64encode(b"[" * _DEEP + b"]" * _DEEP).decode()),
    "packed by nobody": _with("headers", "compression", value="application/x-gzip"),
    "pickle is its content-type": _with("content-type", value="application/x-python-serialize"),
    "another task": _with("headers", "task", value="celery.chord_unlock"),
    "a bundle that is none": _with("headers", "task", value=f"{TASK_PREFIX}bundle"),
    "a group's": _with("headers", "group", value={"x": 1}),
    "limits of its own": _with("headers", "timelimit", value=[0.001, 0.001]),
    "limits that are words": _with("headers", "timelimit", value=["soon", "later"]),
    "far in the future": _with("headers", "eta", value="9999-12-31T23:59:59"),
    "over long ago": _with("headers", "expires", value="1970-01-01T00:00:00"),
    "told to ignore its result": _with("headers", "ignore_result", value=True),
    "a stamp": _with("headers", "stamped_headers", value=[5]),
}


def text(message: object) -> bytes:
    """A message in the form that it has in the queue."""
    return message if isinstance(message, bytes) else json.dumps(message).encode()
