"""What anyone with a worker's password may send to Flower: events and answers that no genuine worker sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kombu.entity import Exchange

from config.settings import Settings
from tasks.worker.app import make_app

#: runs in a browser that takes it for markup, and then leaves a mark on the page's root element
MARKUP = '<img src=x onerror="document.documentElement.dataset.ran=1">'
#: what `MARKUP` leaves behind when it runs
TRACE = "data-ran="
NAME = "worker@bad"
_EVENTS = Exchange("celeryev", "fanout")
_FORMS: dict[str, Any] = {"text": MARKUP, "list": [MARKUP], "object": {MARKUP: [MARKUP]}}
_TASK_FIELDS = (
    *("name", "args", "kwargs", "result", "exception", "traceback", "runtime", "received", "retries"),
    *("eta", "expires", "exchange", "routing_key", "root_id", "parent_id", "children", "state", "worker", "timestamp"),
    "uuid",
)
_WORKER_FIELDS = (
    "hostname",
    "active",
    "processed",
    "loadavg",
    "pid",
    "clock",
    "sw_ident",
    "freq",
    "heartbeats",
    "type",
)


def publish(redis_url: str, bodies: Iterable[Any]) -> None:
    """Send each body to everyone who listens to events."""
    with make_app(Settings(), redis_url) as app, app.amqp.producer_pool.acquire(block=True) as producer:
        for body in bodies:
            producer.publish(body, exchange=_EVENTS, routing_key="worker", declare=[_EVENTS])


def task_event(kind: str, uuid: str, **fields: Any) -> dict[str, Any]:
    """An event of a task on the worker `NAME`."""
    return _sound() | {"type": kind, "uuid": uuid, "name": "neonet.inference", "args": "", "kwargs": ""} | fields


def every_event() -> Iterator[Any]:
    """Task events with markup in every field that a page shows, as text, in a list, in an object; and other events."""
    for field in _TASK_FIELDS:
        for form, value in _FORMS.items():
            for kind in ("task-received", "task-started", "task-failed"):
                yield task_event(kind, f"{form}-{field}") | {field: value}
    for field in _WORKER_FIELDS:
        for value in _FORMS.values():
            yield _sound() | {"type": "worker-heartbeat", field: value}
    yield task_event(f"task-{MARKUP}", "a-kind")
    yield from (MARKUP, [MARKUP], 7, {}, [], [[]])


def _sound() -> dict[str, Any]:
    return {"hostname": NAME, "timestamp": time.time(), "utcoffset": 0, "clock": 1, "freq": 60.0}


@contextmanager
def answering(redis_url: str) -> Iterator[None]:
    """Answer for `NAME` when Flower asks workers about themselves, with markup in every field that a page may show."""
    task: dict[str, Any] = {key: [MARKUP] for key in ("name", "args", "kwargs", "acknowledged", "worker_pid")}
    task["id"] = MARKUP
    settings = ("exclusive", "exchange", "durable", "routing_key", "no_ack", "alias", "auto_delete", "name")
    queue: dict[str, Any] = {key: [MARKUP] for key in settings}
    answers: dict[str, Any] = {
        "stats": {
            **{key: {MARKUP: [MARKUP], "writes": MARKUP} for key in ("pool", "broker", "autoscaler", "rusage")},
            **{key: [MARKUP] for key in ("pid", "prefetch_count", MARKUP)},
            "total": {MARKUP: 1},
        },
        "active_queues": [queue | {"queue_arguments": MARKUP, "binding_arguments": MARKUP}],
        "registered": [MARKUP],
        "scheduled": [{"request": task, "eta": MARKUP, "priority": MARKUP}],
        "active": [task],
        "reserved": [task],
        "revoked": [MARKUP],
        "conf": {MARKUP: [MARKUP]},
    }
    with make_app(Settings(), redis_url) as app, app.connection_for_read() as connection:
        handlers = {name: lambda _state, answer=answer, **_: answer for name, answer in answers.items()}
        handlers["heartbeat"] = handlers["enable_events"] = lambda _state, **_: None
        node = app.control.mailbox.Node(hostname=NAME, handlers=handlers, channel=connection.default_channel)
        over = threading.Event()

        def answer() -> None:
            with node.listen(callback=node.handle_message):
                while not over.is_set():
                    with suppress(TimeoutError):
                        connection.drain_events(timeout=0.2)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
