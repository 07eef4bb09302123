"""The laws of checked work: what a check has shown to be wrong is never submitted."""

from __future__ import annotations

from collections.abc import Callable

from fleet.domain.calls import Call

#: how a result begins that its host computed wrongly
WRONG = "wrong "


class CheckLaws:
    """What this coordinator's auditor has decided."""

    def __init__(self, hold: Callable[[bool, str], None]) -> None:
        """`hold` raises unless a law holds."""
        self._hold = hold
        #: jobs whose result is checked or held
        self.audited: set[str] = set()
        #: whether a host was found to compute wrongly
        self.distrusted = False

    def born(self) -> None:
        """A coordinator starts, which has checked nothing yet."""
        self.audited.clear()
        self.distrusted = False

    def sent(self, call: Call, sends: int) -> None:
        """A result is submitted for the `sends`-th time."""
        wrong = any(str(value).startswith(WRONG) for value in (call.result or {}).values())
        found_out = call.job_id in self.audited or (self.distrusted and sends == 1)
        self._hold(not (wrong and found_out), f"checks: a result of {call.job_id} is sent that is known to be wrong")
