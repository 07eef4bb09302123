"""Pauses hosts that compute wrongly by a control in the ledger, which holds until somebody resumes the host."""

from __future__ import annotations

import contextlib
import threading

from fleet.audit.auditor import Auditor
from fleet.control.control import ControlChange, Source, Target, TargetKind
from fleet.control.in_force import Controls
from fleet.control.request import ControlRequest
from fleet.errors import ControlRefused
from fleet.ledger.controls import ControlBook

#: who orders these controls
WHO = "checked work"
#: most hosts that are paused this way
_MOST_HELD = 64


class Quarantine:
    """Writes a control for each host that the auditor quarantined. A host that is resumed is trusted again."""

    def __init__(self, auditor: Auditor, book: ControlBook, turn: threading.Lock) -> None:
        """`turn` is held by the thread that writes to the ledger."""
        self._auditor, self._book, self._turn = auditor, book, turn
        #: number of the auditor's entries that are written
        self._written = 0
        #: hosts with such a control
        self._held: frozenset[str] = frozenset()

    def look(self) -> None:
        """Write what is due. Raises LedgerError where that fails, and then tries it again at the next call."""
        while self._written < len(self._auditor.log):
            host = self._auditor.log[self._written]
            if host in self._held or len(self._held) >= _MOST_HELD:
                # somebody invents hosts, if there are so many; their results are refused all the same
                self._written += 1
                continue
            request = ControlRequest(
                change=ControlChange.PAUSE,
                target=Target(kind=TargetKind.HOST, name=host),
                who=WHO,
                reason=self._auditor.records[host].quarantined if host in self._auditor.records else "",
                source=Source.OPERATOR,
            )
            # refused where somebody else has paused it
            with contextlib.suppress(ControlRefused), self._turn:
                self._book.ask(request)
            self._written += 1

    def follow(self, controls: Controls) -> None:
        """Refuse the results of hosts with such a control, and take those of hosts that have none any more."""
        ours = {name: one for name, one in controls.names(TargetKind.HOST).items() if one.who == WHO}
        before, self._held = self._held, frozenset(ours)
        for name in before - self._held:
            self._auditor.forgive(name)
        for name, control in ours.items():
            self._auditor.keep_out([name], control.reason)
