"""Retries at the end of a drain: stopping the session, and asking for the last totals. Pure."""

from __future__ import annotations

from fleet.domain.calls import CallKind
from fleet.errors import CallError, NoAnswer, Unreachable

#: attempts at each call before the drain goes on without it
_ATTEMPTS = {CallKind.STOP_SESSION: 3, CallKind.TOTALS: 2}


class Farewell:
    """Counts the failures of the current step of the farewell."""

    def __init__(self) -> None:
        self._failures = 0

    def next_step(self) -> None:
        """Start the next step."""
        self._failures = 0

    def failed(self, kind: CallKind) -> bool:
        """Count a failure; whether it was the last attempt."""
        self._failures += 1
        return self._failures >= _ATTEMPTS[kind]


def not_stopped(error: CallError) -> str:
    """Why a session stays open at the server: there was no answer, or an error."""
    if isinstance(error, Unreachable | NoAnswer):
        return "not stopped: the server does not answer"
    return f"not stopped: {error}"[:200]
