"""Pauses and resumes the farm by its schedule, with a control of its own: an operator's stays as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from fleet.control.control import FARM, ControlChange, Source
from fleet.control.request import ControlRequest
from fleet.ledger.controls import ControlBook
from fleet.schedule.farm_plan import FarmPlan

_WHO = "the schedule"


class FarmSchedule:
    """Keeps the schedule's control in the ledger as the plan says, whatever an earlier start left there."""

    def __init__(
        self,
        book: ControlBook,
        plan: FarmPlan,
        now_ms: Callable[[], int],
        turn: contextlib.AbstractContextManager[object] | None = None,
    ) -> None:
        """`turn` is held by the thread that writes to the ledger."""
        self._book, self._plan, self._now_ms = book, plan, now_ms
        self._turn = turn or contextlib.nullcontext()
        #: why the ledger's control pauses the farm, empty for none; None while unknown
        self._written: str | None = None

    def look(self) -> None:
        """Bring the ledger's control up to date, unless it was when last seen. Raises LedgerError as `follow` does."""
        if self._wanted() != self._written:
            self.follow()

    def follow(self) -> None:
        """Bring the ledger's control up to date.

        Raises LedgerError where it can't be read or written, and then changes nothing.
        """
        with self._turn:
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
