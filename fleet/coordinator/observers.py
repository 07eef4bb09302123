"""Observers of the loop: each is notified of all events, of what was written, and of the end of each turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from config.settings import Settings
from fleet.coordinator.farms import AnyFarm
from fleet.coordinator.inbox import Event
from fleet.coordinator.pending import TurnEffects
from fleet.miner.miner import Miner
from tasks.messages import ResultMessage

#: an awaited attempt that ended: the type of its job, and the message, with the job's id at its own server
EndedAttempt = tuple[str, ResultMessage]


class Observer(Protocol):
    """Is notified on the loop's thread, so it must be quick. Times are monotonic seconds."""

    def saw(self, events: Sequence[Event]) -> None:
        """Events have arrived that the farm has not processed yet."""

    def ended(self, attempts: Sequence[EndedAttempt], server: str, now: float) -> None:
        """Awaited attempts at jobs of a server have ended; its name is empty for the only one."""

    def committed(self, effects: TurnEffects, now: float) -> None:
        """Turns were written to the ledger, and their effects are carried out now."""

    def tick(self, farm: AnyFarm, now: float) -> None:
        """A turn has ended."""


class Observers:
    """Several observers as one."""

    def __init__(
        self,
        several: Sequence[Observer] = (),
        live: Sequence[Callable[[Settings], None]] = (),
        miners_changed: Callable[[Sequence[Miner]], None] = lambda _: None,
    ) -> None:
        """`live` take over settings that were read again. `miners_changed` is called with new and renamed miners."""
        self._several, self._live, self.miners_changed = tuple(several), tuple(live), miners_changed

    def reloaded(self, settings: Settings) -> None:
        """The settings were read again, and the farm's miners are those that they name."""
        for take_over in self._live:
            take_over(settings)

    def saw(self, events: Sequence[Event]) -> None:
        """Events have arrived."""
        for one in self._several:
            one.saw(events)

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
