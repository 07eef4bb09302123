"""Looks twice a second whether controls were changed, by whatever process, and ends those whose time is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from fleet.control.control import LogEntry
from fleet.control.in_force import Controls
from fleet.domain.wall_clock import wall_ms
from fleet.errors import LedgerError
from fleet.ledger.controls import ControlBook
from fleet.threads import Progress, WatchedThread

#: seconds between two looks
_LOOK_S = 0.5
#: a database that hangs blocks the thread for as long as its driver waits
_PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Steered:
    """The controls have changed."""

    controls: Controls
    #: the changes, in order; none at the start
    entries: tuple[LogEntry, ...] = ()


class ControlWatch:
    """Reports each change to `tell`. Changes before `seen`, the number of a log's entry, are known.

    While the ledger can't be read, it waits: the coordinator's own writer says so, and decides what follows.
    """

    def __init__(
        self,
        book: ControlBook,
        seen: int,
        tell: Callable[[Steered], None],
        *,
        turn: threading.Lock,
        there: Callable[[], bool] = lambda: True,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        """`turn` is held by the thread that writes to the ledger; `there` is whether its file is in its place."""
        self._book, self._seen, self._tell, self._turn, self._there = book, seen, tell, turn, there
        self._now_ms = now_ms
        self._next_end_ms: int | None = 0
        self._stop = threading.Event()
        self.thread = WatchedThread("controls", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread, and wait for it."""
        self._stop.set()
        self.thread.join()

    def _run(self, progress: Progress) -> None:
        while not self._stop.wait(_LOOK_S):
            progress.beat()
            if not self._there():
                # SQLite would create an empty file
                continue
            try:
                self._look()
            except LedgerError:
                # the coordinator's writer meets the same, and says so
                continue

    def _look(self) -> None:
        if self._next_end_ms is not None and self._next_end_ms <= self._now_ms():
            with self._turn:
                self._book.end_overdue()
            self._next_end_ms = self._book.in_force().next_end_ms()
        news = self._book.news(self._seen)
        if news is None:
            return
        self._seen, controls, entries = news
        self._next_end_ms = controls.next_end_ms()
        self._tell(Steered(controls=controls, entries=entries))
