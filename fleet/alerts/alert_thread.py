"""Sends alerts and the daily report on a thread of its own: a service that hangs costs mining nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

from fleet.alerts.decide import AlertDecider
from fleet.alerts.memory import write_memory
from fleet.alerts.message import Message
from fleet.alerts.outbox import Outbox
from fleet.alerts.report import DayFigures, report_of
from fleet.errors import LedgerError
from fleet.status.snapshot import FarmSnapshot
from fleet.threads import Progress, WatchedThread

_log = logging.getLogger(__name__)
#: the thread is never killed for being slow: each delivery ends by its own limit
_PATIENCE_S = 86_400.0
#: longest wait for a snapshot, in seconds
_WAIT_S = 5.0


class AlertThread:
    """Takes each snapshot; the newest one counts."""

    def __init__(
        self,
        decider: AlertDecider,
        outbox: Outbox,
        memory_file: Path,
        *,
        farm: str,
        day_figures: Callable[[date, FarmSnapshot], DayFigures],
    ) -> None:
        """`day_figures` reads the ledger for the daily report on a date, and may raise LedgerError."""
        self._decider, self._outbox, self._file, self._farm = decider, outbox, memory_file, farm
        self._day_figures = day_figures
        self._next: FarmSnapshot | None = None
        self._due = threading.Event()
        self._closing = False
        self.thread = WatchedThread("alerts", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def put(self, snapshot: FarmSnapshot) -> None:
        """Look at a snapshot soon. One of a coordinator that ends says nothing of the farm."""
        if snapshot.state != "ended":
            self._next = snapshot
            self._due.set()

    def close(self) -> None:
        """End the thread as soon as a delivery that is under way is over, without waiting for it."""
        self._closing = True
        self._due.set()

    def _run(self, progress: Progress) -> None:
        while not self._closing:
            self._due.wait(_WAIT_S)
            self._due.clear()
            progress.beat()
            snapshot, self._next = self._next, None
            if snapshot is not None and not self._closing:
                self._look(snapshot)

    def _look(self, snapshot: FarmSnapshot) -> None:
        now_ms, decider = snapshot.at_ms, self._decider
        message = decider.draft(snapshot.wrong, now_ms)
        if message is not None:
            if self._delivered(message):
                decider.sent(message, now_ms)
                self._keep()
            else:
                decider.failed(now_ms)
        known = decider.memory.reported
        day = decider.report_due(now_ms)
        if day is not None:
            self._report(day, snapshot)
        elif decider.memory.reported != known:
            self._keep()

    def _report(self, day: str, snapshot: FarmSnapshot) -> None:
        try:
            figures = self._day_figures(date.fromisoformat(day), snapshot)
        except LedgerError as exc:
            _log.warning("the daily report waits for the ledger: %s", exc)
            self._decider.failed(snapshot.at_ms)
            return
        if self._delivered(report_of(self._farm, figures, snapshot.wrong)):
            self._decider.reported(day)
            self._keep()
        else:
            self._decider.failed(snapshot.at_ms)

    def _delivered(self, message: Message) -> bool:
        """Whether at least one service took the message."""
        results = list(self._outbox.deliver(message))
        for number, (scheme, reason) in enumerate(results, 1):
            if reason:
                _log.warning("alerts: service %d (%s) did not take a message: %s", number, scheme, reason)
        return any(not reason for _, reason in results)

    def _keep(self) -> None:
        try:
            write_memory(self._file, self._decider.memory)
        except OSError as exc:
            _log.warning("alerts: %s can't be written, so a restart may repeat a message: %s", self._file.name, exc)


class NoAlerts:
    """The alerts of a farm that sends none."""

    def put(self, snapshot: FarmSnapshot) -> None:
        """Nothing is sent."""

    def close(self) -> None:
        """Nothing is to be ended."""
