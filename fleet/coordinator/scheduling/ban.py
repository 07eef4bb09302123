"""Waits out a ban of this farm's address: no call until it is over, then one probe, then few calls. Pure.

While a ban lasts, the server refuses every call, and each refused call may prolong its distrust
(docs/protocol-notes.md, 16). Times are monotonic seconds.
"""

from __future__ import annotations

from fleet.domain.turn import NEVER
from fleet.errors import Banned

#: the wait after a refusal that states no time, doubled after each further one
FIRST_WAIT_S, _LONGEST_WAIT_S = 60.0, 900.0
#: how much later than stated the probe is made
_MARGIN_S = 1.0
#: when a probe without an answer is given up, in seconds
_PROBE_S = 60.0
#: for this long after a ban, two calls are at least this far apart, in seconds
_CALM_S, _CALM_GAP_S = 60.0, 0.25


class Ban:
    """Whether the server refuses all calls from this address, and when the next one may be made."""

    def __init__(self) -> None:
        #: when the next call may be made; -inf without a ban
        self.free_at = -NEVER
        #: whether a ban lasts
        self.lasts = False
        self._began_at = 0.0
        self._refusals = 0
        self._calm_until = -NEVER

    def remembered(self, wait_s: float, now: float) -> None:
        """A ban that an earlier coordinator met still lasts: the next call probes, in `wait_s` seconds."""
        self.lasts, self._began_at, self.free_at, self._refusals = True, now, now + wait_s, 1

    def refused(self, error: Banned, sent_at: float, now: float) -> bool:
        """A call was refused by the ban. Returns whether the ban begins with it.

        Calls that were under way when it began show nothing new.
        """
        began = not self.lasts
        if not began and sent_at < self._began_at:
            return False
        self._refusals = 1 if began else self._refusals + 1
        if error.unblock_in_s is not None:
            wait_s = error.unblock_in_s + _MARGIN_S
        else:
            wait_s = min(FIRST_WAIT_S * 2 ** (self._refusals - 1), _LONGEST_WAIT_S)
        self.lasts, self._began_at, self.free_at = True, now, now + wait_s
        return began

    def answered(self, sent_at: float, now: float) -> bool:
        """A call was answered. Returns whether that ends the ban: one sent before it began shows nothing."""
        if not self.lasts or sent_at < self._began_at:
            return False
        self.lasts, self.free_at, self._calm_until = False, now + _CALM_GAP_S, now + _CALM_S
        return True

    def sent(self, now: float) -> None:
        """A call is made: the only one until its answer while the ban lasts, one of few shortly after it."""
        if self.lasts:
            self.free_at = now + _PROBE_S
        elif now < self._calm_until:
            self.free_at = now + _CALM_GAP_S

    def words(self, now: float) -> str:
        """Why nothing is sent; empty without a ban."""
        if not self.lasts:
            return ""
        return f"the server refuses all calls from this address; next call in {max(self.free_at - now, 0.0):.0f} s"
