"""Withholds calls that the loop decided on before it knew that the server has banned this address.

Between the answer that states a ban and the loop's next turn, calls may wait for the ledger or for their thread. Each
one that is sent during a ban costs more of the server's trust (docs/protocol-notes.md, 16).
"""

from __future__ import annotations

from fleet.coordinator.scheduling.ban import FIRST_WAIT_S
from fleet.errors import Banned


class BanGate:
    """Shut from the answer that states a ban until the end that it states. Times are monotonic seconds.

    The loop waits longer before its next call (`fleet.coordinator.scheduling.ban`), which finds the gate open.
    """

    def __init__(self) -> None:
        self._refusal: tuple[Banned, float] | None = None
        self._from = self._until = 0.0

    def ended(self, outcome: object, sent_at: float, now: float) -> None:
        """A call that was sent at `sent_at` ended. Calls that were under way when the gate shut don't prolong that."""
        if isinstance(outcome, Banned) and not self._shut(now):
            stated_s = outcome.unblock_in_s
            self._refusal = (outcome, sent_at)
            self._from, self._until = now, now + (FIRST_WAIT_S if stated_s is None else stated_s)

    def refusal(self, now: float) -> tuple[Banned, float] | None:
        """The refusal that stands for the answer to a call made now, and when its call was sent; None to send it."""
        return self._refusal if self._shut(now) else None

    def _shut(self, now: float) -> bool:
        return self._refusal is not None and self._from <= now < self._until
