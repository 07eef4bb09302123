"""Pauses and resumes the farm by its schedule, with a control of its own: an operator's stays as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fleet.control.control import FARM, ControlChange, Source
from fleet.control.request import ControlRequest
from fleet.errors import LedgerError
from fleet.ledger.controls import ControlBook
from fleet.schedule.farm_plan import FarmPlan
from fleet.threads import Progress, WatchedThread

#: seconds between two looks
_LOOK_S = 0.5
#: a database that hangs blocks the thread for as long as its driver waits
_PATIENCE_S = 120.0
_WHO = "the schedule"


class FarmSchedule:
    """Keeps the schedule's control in the ledger as the plan says, whatever an earlier start left there."""

    def __init__(self, book: ControlBook, plan: FarmPlan, now_ms: Callable[[], int]) -> None:
        self._book, self._plan, self._now_ms = book, plan, now_ms
        #: why the ledger's control pauses the farm, empty for none; None while unknown
        self._written: str | None = None

    @property
    def due(self) -> bool:
        """Whether the ledger is to be changed, as far as known."""
        return self._wanted() != self._written

    def follow(self) -> None:
        """Bring the ledger's control up to date.

        Raises LedgerError where it can't be read or written, and then changes nothing.
        """
        wanted, standing = self._wanted(), self._book.in_force().get(FARM, Source.SCHEDULE)
        if wanted and (standing is None or standing.reason != wanted):
            self._ask(ControlChange.PAUSE, wanted)
        elif not wanted and standing is not None:
            self._ask(ControlChange.RESUME, "")
        self._written = wanted

    def _wanted(self) -> str:
        return self._plan.reason(self._now_ms())

    def _ask(self, change: ControlChange, reason: str) -> None:
        self._book.ask(
            ControlRequest(change=change, target=FARM, who=_WHO, reason=reason, source=Source.SCHEDULE, replaces=True)
        )


class ScheduleThread:
    """Follows the schedule twice a second."""

    def __init__(
        self,
        schedule: FarmSchedule,
        *,
        turn: threading.Lock,
        there: Callable[[], bool] = lambda: True,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`turn` is held by the thread that writes to the ledger; `there` is whether its file is in its place.

        `wait` sleeps for some seconds and returns whether to end.
        """
        self._schedule, self._turn, self._there = schedule, turn, there
        self._stop = threading.Event()
        self._wait = wait or self._stop.wait
        self.thread = WatchedThread("schedule", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread, and wait for it."""
        self._stop.set()
        self.thread.join()

    def _run(self, progress: Progress) -> None:
        while not self._wait(_LOOK_S):
            progress.beat()
            # without its file, SQLite would create an empty one
            if self._schedule.due and self._there():
                self._follow()

    def _follow(self) -> None:
        try:
            with self._turn:
                self._schedule.follow()
        except LedgerError:
            # the coordinator's writer meets the same, and says so
            return
