"""Writes each snapshot to its file and reads the ledger for it, on its own thread, so that mining never waits.

If the file can't be written, as on a full disk, the next snapshot tries again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from fleet.errors import LedgerError
from fleet.status.snapshot import FarmSnapshot, LossRow
from fleet.status.snapshot_file import SnapshotWriter
from fleet.threads import Progress, WatchedThread

_log = logging.getLogger(__name__)

#: seconds between two readings of the newest losses, and of all of them
_LOSSES_EVERY_S, _ALL_LOSSES_EVERY_S = 30.0, 600.0
#: seconds after midnight before the past day is read, and between two tries
_COMPLETE_S, _AGAIN_S = 10.0, 30.0
_PATIENCE_S = 600.0
#: longest wait for a snapshot, in seconds, after which the thread gives a sign of life
_WAIT_S = 5.0

#: reads the lost jobs by cause from an hour (since 1970) to before another
LossReader = Callable[[int, int], Mapping[str, tuple[int, Decimal]]]
#: reads what was booked on a day, by its number as in `date.toordinal`, by miner
DayReader = Callable[[int], Mapping[str, Decimal]]
_HOUR_MS, _EVER = 3_600_000, 1_000_000_000


@dataclass(kw_only=True, slots=True)
class Wanted:
    """The loop's requests to the ledger, and the answers. Each field is written by one thread alone."""

    #: rises with every lost job, and with every recovered one
    lost: int = 0
    taken_back: int = 0
    #: number of the day that is over, and since when that is wanted, in monotonic seconds; None if none is wanted
    day: int | None = None
    day_since: float = 0.0
    #: answers
    losses: tuple[LossRow, ...] | None = None
    days: dict[int, Mapping[str, Decimal]] = field(default_factory=dict)


class Publisher:
    """Takes snapshots from the loop and writes the newest one; snapshots that come too fast are skipped."""

    def __init__(
        self,
        writer: SnapshotWriter,
        wanted: Wanted,
        *,
        losses: LossReader,
        day: DayReader,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._wanted = wanted
        self._read_losses, self._read_day = losses, day
        self._clock = clock
        self._next: FarmSnapshot | None = None
        self._due, self._closing = threading.Event(), False
        #: losses before an hour, which seldom change, and what was asked when they were read
        self._old: tuple[int, Mapping[str, tuple[int, Decimal]]] | None = None
        self._known, self._known_back = -1, -1
        self._losses_at = self._all_at = self._day_at = float("-inf")
        #: why the newest snapshot could not be written; empty if it was
        self.problem = ""
        self._said = False
        self.thread = WatchedThread("status", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def put(self, snapshot: FarmSnapshot) -> None:
        """Write a snapshot soon."""
        if not (self._said or self.thread.is_alive()):
            self._said = True
            _log.error("the farm's status is no longer written, and mining goes on: %s", self.thread.ending)
        self._next = snapshot
        self._due.set()

    def close(self) -> None:
        """Write the last snapshot and end the thread."""
        self._closing = True
        self._due.set()
        self.thread.join()

    def _run(self, progress: Progress) -> None:
        while True:
            self._due.wait(_WAIT_S)
            self._due.clear()
            progress.beat()
            closing = self._closing
            snapshot, self._next = self._next, None
            if snapshot is not None:
                if closing:
                    self._losses_at = float("-inf")
                self._look(snapshot.at_ms)
                self._write(replace(snapshot, losses=self._wanted.losses))
            if closing:
                return

    def _write(self, snapshot: FarmSnapshot) -> None:
        try:
            self._writer.write(snapshot)
        except OSError as exc:
            self.problem = exc.strerror or str(exc)
        else:
            self.problem = ""

    def _look(self, now_ms: int) -> None:
        """Read what is due from the ledger, or nothing while the ledger is busy or gone."""
        now, wanted = self._clock(), self._wanted
        try:
            day = wanted.day
            if day is not None and day not in wanted.days and now >= max(wanted.day_since + _COMPLETE_S, self._day_at):
                self._day_at = now + _AGAIN_S
                wanted.days = {day: self._read_day(day)}
            if now >= self._all_at and (self._old is None or wanted.taken_back > self._known_back):
                self._all_at, self._known_back = now + _ALL_LOSSES_EVERY_S, wanted.taken_back
                hour = now_ms // _HOUR_MS
                self._old, self._losses_at, self._known = (hour, self._read_losses(0, hour)), float("-inf"), -1
            if self._old is not None and wanted.lost > self._known and now >= self._losses_at:
                self._losses_at, self._known = now + _LOSSES_EVERY_S, wanted.lost
                wanted.losses = _added(self._old[1], self._read_losses(self._old[0], _EVER))
        except LedgerError:
            self._losses_at = now + _LOSSES_EVERY_S


def _added(*parts: Mapping[str, tuple[int, Decimal]]) -> tuple[LossRow, ...]:
    sums: dict[str, LossRow] = {}
    for part in parts:
        for cause, (jobs, amount) in part.items():
            row = sums.get(cause)
            known = (0, amount * 0) if row is None else (row.jobs, row.amount)
            sums[cause] = LossRow(cause=cause, jobs=known[0] + jobs, amount=known[1] + amount)
    return tuple(row for _, row in sorted(sums.items()) if row.jobs)
