"""Retries at the end of a drain: stopping the session, and asking for the last totals. Pure."""

from __future__ import annotations

from fleet.domain.calls import CallKind
from fleet.errors import Banned, CallError, NoAnswer, Unreachable

#: attempts at each call before the drain goes on without it
_ATTEMPTS = {CallKind.STOP_SESSION: 3, CallKind.TOTALS: 2}


class Farewell:
    """Counts the failures of the current step of the farewell."""

    def __init__(self) -> None:
        self._failures = 0
        #: whether the farm mines on, so that a server that is away can be waited for
        self._mines_on = False

    def begin(self, *, mines_on: bool) -> None:
        """The miner drains: with the farm, or alone."""
        self._failures, self._mines_on = 0, mines_on

    def next_step(self) -> None:
        """Start the next step."""
        self._failures = 0

    def failed(self, kind: CallKind, error: CallError) -> bool:
        """Count a failure; whether it was the last attempt.

        A session that is left open lowers what others are paid, so its stop is not given up because of an outage.
        """
        if self._mines_on and kind is CallKind.STOP_SESSION and isinstance(error, Unreachable | NoAnswer | Banned):
            return False
        self._failures += 1
        return self._failures >= _ATTEMPTS[kind]


def not_stopped(error: CallError) -> str:
    """Why a session stays open at the server: there was no answer, or an error."""
    if isinstance(error, Unreachable | NoAnswer):
        return "not stopped: the server does not answer"
    return f"not stopped: {error}"[:200]
