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
        #: number of the auditor's entries that were read, and the hosts of those that are not paused yet
        self._read, self._due = 0, list[str]()
        #: hosts with such a control, and hosts with any
        self._held: frozenset[str] = frozenset()
        self._paused: frozenset[str] = frozenset()

    def look(self) -> None:
        """Write what is due. Raises LedgerError where that fails, and then tries it again at the next call."""
        fresh = self._auditor.log[self._read :]
        self._read += len(fresh)
        self._due += fresh
        self._due = [host for host in self._due if not self._settled(host)]

    def _settled(self, host: str) -> bool:
        """Pause a host. Returns False while somebody else has paused it: it is due again when that pause is over."""
        record = self._auditor.records.get(host)
        forgiven = record is None or not record.quarantined
        # somebody invents hosts, if there are so many; their results are refused all the same
        if forgiven or host in self._held or len(self._held) >= _MOST_HELD:
            return True
        if host in self._paused:
            return False
        request = ControlRequest(
            change=ControlChange.PAUSE,
            target=Target(kind=TargetKind.HOST, name=host),
            who=WHO,
            reason=record.quarantined if record else "",
            source=Source.OPERATOR,
        )
        # refused if it was paused a moment ago
        with contextlib.suppress(ControlRefused), self._turn:
            self._book.ask(request)
            return True
        return False

    def follow(self, controls: Controls) -> None:
        """Refuse the results of hosts with such a control, and take those of hosts that have none any more."""
        standing = controls.names(TargetKind.HOST)
        ours = {name: one for name, one in standing.items() if one.who == WHO}
        self._paused = frozenset(standing)
        before, self._held = self._held, frozenset(ours)
        for name in before - self._held:
            self._auditor.forgive(name)
        for name, control in ours.items():
            self._auditor.keep_out([name], control.reason)
