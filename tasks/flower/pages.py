"""Flower's web pages with sanitized events, and a policy that only lets Flower's own scripts run."""

from __future__ import annotations

import base64
import hashlib
import logging
import math
import time
from typing import Any

from celery import Celery
from celery.events import EventReceiver
from flower.app import Flower
from flower.events import Events
from flower.options import options
from flower.urls import settings as page_settings
from flower.views import BaseHandler
from tornado.httputil import HTTPHeaders
from tornado.ioloop import IOLoop
from tornado.web import Finish, HTTPError, OutputTransform

from tasks.broker.newcomers import Newcomers
from tasks.flower.basic_auth import admits
from tasks.flower.guesses import REFILL_S, Guesses
from tasks.flower.http_server import BoundedFlower
from tasks.flower.plain_events import plain_event
from tasks.flower.queue_lengths import verify_certificates

_MOST_S = 30.0
#: the only inline script in Flower's pages: that of the list of workers, with its auto-refresh on
_INLINE_SCRIPT = "\n  var autorefresh = 1;\n"
#: room for hundreds of hosts at once, and for a container with a new name every half minute
_hosts = Newcomers(at_once=1_000, every_s=30.0)
_log = logging.getLogger(__name__)
_guesses = Guesses()


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_INLINE_SCRIPT.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            # the tables set widths on their elements
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class PagePolicy(OutputTransform):
    """Adds the policy to every response, including error pages."""

    _policy = _policy()

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: ARG002 - the signature is tornado's
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers to the response's own."""
        headers["Content-Security-Policy"] = self._policy
        headers["Referrer-Policy"] = "no-referrer"
        return status_code, headers, chunk


class PlainReceiver(EventReceiver):
    """Receives events sanitized by `plain_event`. Anything that is not an event is counted in the log and dropped."""

    def _receive(self, body: Any, message: Any, **_: Any) -> None:  # noqa: ARG002 - the signature is Celery's
        for one in body if isinstance(body, list) else [body]:
            event = plain_event(one)
            if event is None or not _hosts.admits(event["hostname"], time.monotonic()):
                _log.warning("an event that no worker of a farm sends was dropped")
            else:
                self.process(*self.event_from_message(event))


class PlainEvents(Events):
    """Flower's event thread, made to survive malformed events and the loss of Redis."""

    def run(self) -> None:
        """Receive events for ever; after a failure, again within half a minute."""
        wait_s = 1.0
        while True:
            try:
                with self.capp.connection() as connection:
                    receiver = PlainReceiver(connection, handlers={"*": self.on_event}, app=self.capp)
                    wait_s = 1.0
                    receiver.capture(limit=None, timeout=None, wakeup=True)
            except Exception as exc:  # noqa: BLE001 - Flower would show nothing more, and say nothing, without this thread
                _log.warning("events can't be received: %s; trying again in %g s", exc, wait_s)
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _MOST_S)


def _visitor(handler: Any) -> bool:
    """Replaces Flower's own check of a visitor, which fails on non-ASCII letters and allows unlimited guesses."""
    expected = handler.application.options.basic_auth
    header = handler.request.headers.get("Authorization", "")
    if not expected:
        return True
    if not header:
        # a browser's first request, before it asks the user for a password
        raise HTTPError(401)
    address, now = handler.request.remote_ip, time.monotonic()
    wait_s = _guesses.wait_s(address, now)
    if wait_s > 0:
        handler.set_status(429)
        handler.set_header("Retry-After", str(math.ceil(wait_s)))
        handler.write(f"too many wrong passwords from {address}: try again in {math.ceil(wait_s)} s")
        raise Finish
    if not any(admits(header, one) for one in expected):
        _guesses.wrong(address, now)
        if _guesses.wait_s(address, now) > 0:
            _log.warning("too many wrong passwords from %s: none is checked for %g s", address, REFILL_S)
        raise HTTPError(401)
    return True


def _queues(handler: Any) -> list[str]:
    """The farm's own queues, whichever queues workers claim to read."""
    return [queue.name for queue in handler.capp.conf.task_queues]


def pages(app: Celery, chosen: dict[str, object]) -> Flower:
    """Flower's web application on `app`, with the options in `chosen` and Flower's defaults for the rest.

    It ignores variables that begin with FLOWER_, some of which Kubernetes sets itself, and a `flowerconfig.py` in the
    working folder.
    """
    for name, value in chosen.items():
        setattr(options, name, value)
    verify_certificates()
    BaseHandler.get_current_user = _visitor
    BaseHandler.get_active_queue_names = _queues
    loop = IOLoop.current()
    events = PlainEvents(
        app,
        io_loop=loop,
        max_workers_in_memory=options.max_workers,
        max_tasks_in_memory=options.max_tasks,
    )
    prefix = f"/{options.url_prefix}" if options.url_prefix else ""
    under = {name: prefix + page_settings[name] for name in ("login_url", "static_url_prefix")}
    given = page_settings | under
    return BoundedFlower(capp=app, options=options, events=events, io_loop=loop, transforms=[PagePolicy], **given)
