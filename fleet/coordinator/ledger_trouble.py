"""Says once, not for each of several servers, that their accounts in one ledger are waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fleet.coordinator.pending import LedgerState


class LedgerTrouble:
    """Passes on what the first waiting account reports, and the end once none waits any more."""

    def __init__(self, tell: Callable[[LedgerState], None]) -> None:
        self._tell = tell
        #: server → longest wait in seconds, the first to report first
        self._waiting: dict[str, float] = {}
        self._longest_s = 0.0

    def say(self, server: str, state: LedgerState) -> None:
        """The account of a server is waited for, or no longer."""
        self._longest_s = max(self._longest_s, state.waited_s)
        if state.reason:
            self._waiting.setdefault(server, state.waited_s)
            if server == next(iter(self._waiting)):
                self._tell(state)
            return
        self._waiting.pop(server, None)
        if not self._waiting:
            longest_s, self._longest_s = self._longest_s, 0.0
            self._tell(replace(state, waited_s=longest_s))
