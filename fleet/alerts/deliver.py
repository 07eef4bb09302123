"""Delivers one message by Apprise, in a process of its own: `python -m fleet.alerts.deliver`, with JSON on stdin.

A library that hangs, or a service behind it, then costs the coordinator nothing. URLs are secrets: they come on stdin,
where no other user can see them, and no part of one is printed.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from typing import Any

import apprise

from fleet.alerts.secret_urls import masked

_NICE = 10


def deliver(url: str, title: str, body: str) -> str:
    """Deliver a message to one service. Returns why that failed, or an empty text."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setLevel(logging.WARNING)
    apprise.logger.addHandler(handler)
    try:
        service = apprise.Apprise()
        if not service.add(url):
            return "Apprise does not know this kind of URL, or it lacks something"
        if service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT):
            return ""
    finally:
        apprise.logger.removeHandler(handler)
    words = said.getvalue().strip().splitlines()
    return masked(words[0], url) if words else "the service did not take it"


def main() -> None:
    """Read `{urls, title, body}`, and print a list with why each delivery failed, empty where it did not."""
    os.nice(_NICE)
    wanted: dict[str, Any] = json.load(sys.stdin)
    print(json.dumps([deliver(url, wanted["title"], wanted["body"]) for url in wanted["urls"]]))


if __name__ == "__main__":
    main()
