"""Where prices of power come from: reads a file or a URL, on a thread of its own, since either may hang."""

from __future__ import annotations

import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from config.schedule_section import ScheduleSettings
from fleet.schedule.prices import PriceList, read_prices
from tasks.text import sanitized

#: seconds between two reads of the URL, between two tries after a failure, and between two looks at a file
_URL_S, _AGAIN_S, _FILE_S = 900.0, 60.0, 5.0
#: longest time that one read of the URL takes
CALL_S = 15.0
#: longest list that is read, in bytes, and how much of a failure is shown, in characters
_MOST_BYTES, _SHOWN = 4 << 20, 200
#: what `read_source` and `read_prices` raise
UNREAD = (OSError, HTTPException, ValueError)


class PriceWatch:
    """Reads prices again and again. While the source fails, what was read last stays known.

    `learn` gets each list that was read. `say` gets a line for each new reason why the source fails, and one once the
    source can be read again.
    """

    def __init__(
        self,
        schedule: ScheduleSettings,
        learn: Callable[[PriceList], None],
        say: Callable[[str], None],
        *,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`wait` sleeps for some seconds and returns whether to end."""
        self._schedule, self._learn, self._say = schedule, learn, say
        self._failure, self._read = "", b""
        self._over, self._looked = threading.Event(), threading.Event()
        self._wait = wait or self._over.wait
        self._thread = threading.Thread(target=self._run, name="prices", daemon=True)

    def start(self) -> None:
        """Read again and again on a thread. Returns after the first look, or after `CALL_S` seconds."""
        self._thread.start()
        self._looked.wait(CALL_S)

    def close(self) -> None:
        """End the thread soon."""
        self._over.set()

    def look(self) -> None:
        """Read the prices once."""
        try:
            text = read_source(self._schedule)
            if text != self._read:
                self._learn(read_prices(text))
                self._read = text
        except UNREAD as exc:
            failure = why_unread(self._schedule, exc)
            if failure != self._failure:
                self._say(f"[WARN]   prices of power can't be read: {failure}; those read before stay known")
            self._failure = failure
            return
        if self._failure:
            self._failure = ""
            self._say("[STEER]  prices of power are read again")

    def _run(self) -> None:
        self.look()
        self._looked.set()
        while not self._wait(self._pause_s):
            self.look()

    @property
    def _pause_s(self) -> float:
        if not self._schedule.price_url:
            return _FILE_S
        return _AGAIN_S if self._failure else _URL_S


def read_source(schedule: ScheduleSettings, call_s: float = CALL_S) -> bytes:
    """What the file holds, or the URL answers within `call_s` seconds. Raises as `UNREAD` says."""
    if schedule.price_url is not None:
        return _fetched(schedule.price_url, call_s)
    return b"" if schedule.price_file is None else _content(schedule.price_file)


def why_unread(schedule: ScheduleSettings, exc: Exception) -> str:
    """Why the prices can't be read, in words."""
    text = str(exc)
    if schedule.price_file is not None and isinstance(exc, OSError) and exc.strerror:
        text = f"{schedule.price_file.absolute()}: {exc.strerror}"
    return sanitized(text)[:_SHOWN]


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return _bounded(opened.read(_MOST_BYTES + 1))


def _fetched(url: str, call_s: float) -> bytes:
    """The body at a URL, in `call_s` seconds at most: urllib's own limit is one for each read."""
    ends_at, body = time.monotonic() + call_s, b""
    context = ssl.create_default_context()
    with urllib.request.urlopen(url, timeout=call_s, context=context) as answer:  # noqa: S310 - http or https, by the settings
        while part := answer.read1(1 << 16):
            body = _bounded(body + part)
            if time.monotonic() > ends_at:
                raise TimeoutError(f"no whole answer in {call_s:g} s")
    return body


def _bounded(body: bytes) -> bytes:
    if len(body) > _MOST_BYTES:
        raise ValueError(f"longer than {_MOST_BYTES:,} bytes")
    return body
