"""The end of a drain: how often a stop and the last question are tried, and what is said where they fail. Pure."""

from __future__ import annotations

from fleet.domain.calls import CallKind
from fleet.errors import CallError, NoAnswer, Unreachable

#: attempts, after which the drain goes on without
_ATTEMPTS = {CallKind.STOP_SESSION: 3, CallKind.TOTALS: 2}


class Farewell:
    """Counts the failures of one step of the farewell."""

    def __init__(self) -> None:
        self._failures = 0

    def next_step(self) -> None:
        """The step is over."""
        self._failures = 0

    def failed(self, kind: CallKind) -> bool:
        """Count a failure; whether it was the last attempt."""
        self._failures += 1
        return self._failures >= _ATTEMPTS[kind]


def not_stopped(error: CallError) -> str:
    """Why a session stays open at the server: nothing came back, or what came back instead."""
    if isinstance(error, Unreachable | NoAnswer):
        return "not stopped: the server does not answer"
    return f"not stopped: {error}"[:200]
