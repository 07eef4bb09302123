"""Observers of the loop: each is notified of all events, of what was written, and of the end of each turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fleet.coordinator.farms import AnyFarm
from fleet.coordinator.inbox import Event
from fleet.coordinator.pending import TurnEffects
from tasks.messages import ResultMessage

#: an awaited attempt that ended: the type of its job, and the message, with the job's id at its own server
EndedAttempt = tuple[str, ResultMessage]


class Observer(Protocol):
    """Is notified on the loop's thread, so it must be quick. Times are monotonic seconds."""

    def saw(self, event: Event) -> None:
        """An event has arrived that the farm has not processed yet."""

    def ended(self, attempts: Sequence[EndedAttempt], server: str, now: float) -> None:
        """Awaited attempts at jobs of a server have ended; its name is empty for the only one."""

    def committed(self, effects: TurnEffects, now: float) -> None:
        """Turns were written to the ledger, and their effects are carried out now."""

    def tick(self, farm: AnyFarm, now: float) -> None:
        """A turn has ended."""


class Observers:
    """Several observers as one."""

    def __init__(self, several: Sequence[Observer] = ()) -> None:
        self._several = tuple(several)

    def saw(self, event: Event) -> None:
        """An event has arrived."""
        for one in self._several:
            one.saw(event)

    def ended(self, attempts: Sequence[EndedAttempt], server: str, now: float) -> None:
        """Awaited attempts have ended."""
        for one in self._several:
            one.ended(attempts, server, now)

    def committed(self, effects: TurnEffects, now: float) -> None:
        """Turns were written."""
        for one in self._several:
            one.committed(effects, now)

    def tick(self, farm: AnyFarm, now: float) -> None:
        """A turn has ended."""
        for one in self._several:
            one.tick(farm, now)
