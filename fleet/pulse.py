"""A file that grows old when the coordinator's loop stands still, for a health check."""

from __future__ import annotations

from pathlib import Path

from fleet.coordinator import Network, Watcher
from fleet.effects import Notice
from fleet.farm import Farm
from fleet.intake import BrokerState

_BEAT_S = 5.0


class Pulse:
    """Passes on what it is told, and touches `path` at the end of a turn, at most every five seconds."""

    def __init__(self, watcher: Watcher, path: Path | None) -> None:
        self._watcher = watcher
        self._path = path
        self._beat_at = float("-inf")

    def notice(self, notice: Notice) -> None:
        """Something happened to a miner."""
        self._watcher.notice(notice)

    def network(self, network: Network) -> None:
        """Fees and phase."""
        self._watcher.network(network)

    def broker(self, state: BrokerState) -> None:
        """Redis was lost or found."""
        self._watcher.broker(state)

    def flaw(self, text: str) -> None:
        """A stream entry was no result."""
        self._watcher.flaw(text)

    def stopping(self, reason: str) -> None:
        """The drain begins."""
        self._watcher.stopping(reason)

    def tick(self, farm: Farm, now: float) -> None:
        """A turn ended, its writes committed."""
        if self._path is not None and now - self._beat_at >= _BEAT_S:
            self._beat_at = now
            self._path.touch()
        self._watcher.tick(farm, now)
