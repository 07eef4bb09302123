"""Keeps the records of worker hosts in the ledger, so that the next coordinator goes on with what this one knew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from fleet.audit.auditor import Auditor
from fleet.audit.host_record import KeptRecord
from fleet.ledger.host_records import HostRecordBook

#: how often counts are written that leave a host's checks as they are, in seconds; other changes are written at once
_COUNTS_S = 60.0


class HostMemory:
    """Writes the auditor's records. The coordinator's loop changes them; one other thread calls `look` and `close`."""

    def __init__(
        self,
        auditor: Auditor,
        book: HostRecordBook,
        turn: threading.Lock,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`turn` is held by the thread that writes to the ledger; `clock` gives seconds."""
        self._auditor, self._book, self._turn, self._clock = auditor, book, turn, clock
        #: what the ledger holds, by host, and when everything was written last
        self._written: dict[str, KeptRecord] = {}
        self._all_at = clock()

    def load(self) -> None:
        """Hand the auditor what an earlier coordinator kept. Raises LedgerError where that can't be read."""
        self._auditor.recall(self._book.load())

    def look(self) -> None:
        """Write the records that are due. Raises LedgerError where that fails; they stay due until the next call."""
        now = self._clock()
        everything = now - self._all_at >= _COUNTS_S
        self._write(everything=everything)
        if everything:
            self._all_at = now

    def close(self) -> None:
        """Write what is not written yet. Raises LedgerError where that fails."""
        self._write(everything=True)

    def _write(self, *, everything: bool) -> None:
        # a copy, since the loop goes on
        changed = {host: one for host, one in self._auditor.kept.copy().items() if self._written.get(host) is not one}
        due = [one for host, one in changed.items() if everything or self._decides(host, one)]
        if due:
            with self._turn:
                self._book.write(due)
            self._written |= {one.host: one for one in due}

    def _decides(self, host: str, record: KeptRecord) -> bool:
        """Whether the host is checked in another way by this record than by the one that was written."""
        before = self._written.get(host)
        return before is None or before.level != record.level
