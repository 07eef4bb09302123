"""Starts the process that delivers messages, waits for it for a bounded time, and ends it if it hangs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator, Sequence

from fleet.alerts.message import Message
from fleet.alerts.secret_urls import scheme_of
from tasks.host.module_command import module_command
from tasks.host.systemd import VARIABLES

#: what a farm without the library has to do
MISSING = "alerts need Apprise: pip install 'neonet-fleet[alerts]'"
_HUNG = "no answer within {:g} s"
_BROKEN = "the process that delivers ended with {}"


def _handed_on() -> dict[str, str]:
    """The environment without the farm's settings: a library needs its proxy, and no secret of ours."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("FLEET_") and name not in VARIABLES
    }


class Outbox:
    """Delivers messages to all services that are configured."""

    def __init__(self, urls: Sequence[str], timeout_s: float) -> None:
        """A message to one service may take `timeout_s`."""
        self._urls, self._timeout_s = tuple(urls), timeout_s

    @property
    def missing(self) -> str:
        """Why nothing can be delivered from here, or an empty text."""
        return "" if importlib.util.find_spec("apprise") is not None else MISSING

    def __len__(self) -> int:
        """How many services there are."""
        return len(self._urls)

    def deliver(self, message: Message) -> Iterator[tuple[str, str]]:
        """Deliver to one service after the other: the scheme of each, and why it failed or an empty text."""
        for url in self._urls:
            yield scheme_of(url), self._deliver(url, message)

    def _deliver(self, url: str, message: Message) -> str:
        wanted = json.dumps({"urls": [url], "title": message.title, "body": message.body})
        try:
            done = subprocess.run(
                module_command("fleet.alerts.deliver"),
                input=wanted,
                capture_output=True,
                text=True,
                timeout=self._timeout_s,
                check=False,
                env=_handed_on(),
            )
        except subprocess.TimeoutExpired:
            return _HUNG.format(self._timeout_s)
        except OSError as exc:
            return exc.strerror or str(exc)
        try:
            (reason,) = json.loads(done.stdout.splitlines()[-1])
        except (ValueError, IndexError):
            return _BROKEN.format(done.returncode)
        return str(reason)
