"""Looks twice a second whether controls were changed, by whatever process, and ends those whose time is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from fleet.control.control import LogEntry
from fleet.control.in_force import Controls
from fleet.coordinator.steering.ledger_watch import ledger_watch
from fleet.domain.wall_clock import wall_ms
from fleet.ledger.controls import ControlBook


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlsChanged:
    """The controls have changed."""

    controls: Controls
    #: the changes, in order; none at the start
    entries: tuple[LogEntry, ...] = ()


class ControlWatch:
    """Reports each change to `tell`, but for those up to entry number `seen` of the log."""

    def __init__(
        self,
        book: ControlBook,
        seen: int,
        tell: Callable[[ControlsChanged], None],
        *,
        turn: threading.Lock,
        there: Callable[[], bool] = lambda: True,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        """`turn` is held by the thread that writes to the ledger; `there` is whether its file is in its place."""
        self._book, self._seen, self._tell, self._turn = book, seen, tell, turn
        self._now_ms = now_ms
        self._next_end_ms: int | None = 0
        self.thread = ledger_watch("controls", self._look, there=there)
        self.thread.start()

    def close(self) -> None:
        """End the thread, and wait for it."""
        self.thread.close()

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
        self._tell(ControlsChanged(controls=controls, entries=entries))
