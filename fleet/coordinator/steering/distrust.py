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
#: most hosts that are paused this way at a time; if there are more, somebody invents them
_MOST_HELD = 64


class Distrust:
    """Writes a control for each host that the auditor distrusts. A host that is resumed is trusted again."""

    def __init__(self, auditor: Auditor, book: ControlBook, turn: threading.Lock) -> None:
        """`turn` is held by the thread that writes to the ledger."""
        self._auditor, self._book, self._turn = auditor, book, turn
        #: number of the auditor's entries that were read, and the hosts of those that are not paused yet
        self._read, self._due = 0, list[str]()
        #: hosts with such a control, and hosts with any
        self._held: frozenset[str] = frozenset()
        self._paused: frozenset[str] = frozenset()

    def look(self) -> None:
        """Write what is due. Raises LedgerError where that fails, and then tries it again at the next call.

        A host stays due while somebody else has paused it, and while too many hosts are paused: it gets its control
        once another one is resumed, so that each can be resumed in the end. Its results are refused all the same.
        """
        fresh = self._auditor.log[self._read :]
        self._read += len(fresh)
        self._due = [host for host in dict.fromkeys((*self._due, *fresh)) if self._is_due(host)]
        room = max(_MOST_HELD - len(self._held), 0)
        for host in [host for host in self._due if host not in self._paused][:room]:
            if self._pause(host):
                self._due.remove(host)

    def _is_due(self, host: str) -> bool:
        record = self._auditor.records.get(host)
        return record is not None and bool(record.distrusted) and host not in self._held

    def _pause(self, host: str) -> bool:
        """Pause a host. Returns False where it was paused a moment ago."""
        request = ControlRequest(
            change=ControlChange.PAUSE,
            target=Target(kind=TargetKind.HOST, name=host),
            who=WHO,
            reason=self._auditor.records[host].distrusted,
            source=Source.OPERATOR,
        )
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
