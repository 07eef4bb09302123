"""Writes the ledger in a thread beside the loop, so that a lock or a slow disk delays mining but not the heartbeats.

One file: the loop's side and the thread's side share the rows that wait between them.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fleet.coordinator.pending import Written
from fleet.domain.effects import JobMoved, JobOpened, JobRecovered, Write
from fleet.domain.jobs import JobState
from fleet.domain.saved_state import Prior
from fleet.errors import LedgerBusy, LedgerError, LedgerLost
from fleet.ledger.ledger import Ledger
from fleet.ledger.proof.heads import Head
from fleet.threads import Progress, WatchedThread

#: how long the loop waits for a commit, in seconds, before it continues with heartbeats alone
_PATIENCE_S = 0.2
#: pause before another try to commit to a locked ledger, in seconds
_RETRY_S = 0.1
#: pause between two attempts to read a busy ledger, in seconds
_ASK_AGAIN_S = 1.0
#: number of recent commits whose times are kept
_REMEMBERED = 1000
#: seconds between two saves of the heads, and between two tries while there are none
_KEEP_S, _KEEP_AGAIN_S = 60.0, 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitTimes:
    """How long recent commits took, in milliseconds, and what else slows them down."""

    median_ms: float = 0.0
    worst_ms: float = 0.0
    #: a sentence that the write-ahead log keeps growing; empty while it does not
    log_grown: str = ""


class Bookkeeper:
    """Commits turns one after the other in its own thread. A commit that finds the ledger busy is retried.

    The loop calls its methods. The thread calls `tell` at the end of a commit that the loop no longer waited for, and
    `keep` once a minute, to save the heads of the chains elsewhere. Bookkeepers of one ledger share `turn`, which each
    holds while it commits: SQLite before 3.51.3 can damage a file that two connections write at once.
    """

    def __init__(
        self,
        ledger: Ledger,
        tell: Callable[[Written], None],
        *,
        keep: Callable[[], Sequence[Head]] = tuple,
        turn: threading.Lock | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._tell = tell
        self._keep, self._turn = keep, turn or threading.Lock()
        self._keep_at = clock()
        self._clock = clock
        self._orders: queue.SimpleQueue[Sequence[Write] | None] = queue.SimpleQueue()
        self._done = threading.Event()
        self._done.set()
        self._closing = threading.Event()
        self._under_way: Sequence[Write] = ()
        self._held: list[Write] = []
        self._begun_at = clock()
        self._awaited = True
        self._failure: BaseException | None = None
        self._busy = ""
        self._times_ms: deque[float] = deque(maxlen=_REMEMBERED)
        self._worst_ms = 0.0
        #: since when the ledger has been unreadable; None while it can be read
        self._unread_at: float | None = None
        self._ask_at = 0.0
        #: ledger records of jobs, read before the farm handles the replies about them
        self._read: dict[str, Prior | None] = {}
        # a commit may wait for the disk or a lock without limit; the loop notices and reports that
        self.thread = WatchedThread("ledger", self._work, patience_s=math.inf)
        self.thread.start()

    def write(self, writes: Sequence[Write]) -> bool:
        """Write a turn's rows in one transaction. False while that lasts longer; `write_ended` shows its end.

        Raises LedgerError when the rows can't be written.
        """
        self._held = []
        if not writes:
            return True
        self._under_way, self._begun_at, self._awaited = writes, self._clock(), True
        self._done.clear()
        self._orders.put(writes)
        if not self._done.wait(_PATIENCE_S):
            self._awaited = False
        return self.write_ended()

    def hold(self, writes: Sequence[Write]) -> None:
        """Record rows that a later `write` will include, so that `find` takes them into account."""
        self._held += writes

    def write_ended(self) -> bool:
        """Whether no write is in progress. Raises LedgerError when the last one failed."""
        if not self._done.is_set():
            return False
        self._under_way = ()
        if self._failure is not None:
            raise self._failure
        return True

    @property
    def waits_s(self) -> float:
        """Seconds that the ledger has been waited for, to commit or to read; 0 while it is not."""
        if not self._done.is_set():
            return self._clock() - self._begun_at
        return 0.0 if self._unread_at is None else self._clock() - self._unread_at

    @property
    def reason(self) -> str:
        """Why the ledger is waited for, as a sentence."""
        return self._busy or "the ledger's disk is slow"

    def times(self) -> CommitTimes:
        """The times of the last commits, and whether the write-ahead log has grown."""
        known = sorted(self._times_ms)
        middle = known[len(known) // 2] if known else 0.0
        return CommitTimes(median_ms=middle, worst_ms=self._worst_ms, log_grown=self._ledger.log_grown())

    def knows(self, job_id: str) -> bool:
        """Whether the ledger could be read for this job, so that the next `find` needs no reading.

        An unavailable database is asked once a second.
        """
        now = self._clock()
        if self._unread_at is not None and now < self._ask_at:
            return False
        try:
            self._read[job_id] = self._look_up(job_id)
        except LedgerBusy as exc:
            self._busy, self._ask_at = str(exc), self._clock() + _ASK_AGAIN_S
            self._unread_at = now if self._unread_at is None else self._unread_at
            return False
        self._unread_at = None
        return True

    def find(self, job_id: str) -> Prior | None:
        """The record of a job that a server assigns, including unwritten rows; None for an unknown job."""
        return self._read.pop(job_id) if job_id in self._read else self._look_up(job_id)

    def close(self) -> None:
        """End the thread, and give up a commit that finds the ledger busy."""
        self._closing.set()
        self._orders.put(None)
        self.thread.join()

    def _look_up(self, job_id: str) -> Prior | None:
        if self._done.is_set():
            return self._ledger.find(job_id)
        return overlaid(self._ledger.find_beside(job_id), job_id, [*self._under_way, *self._held])

    def _work(self, _progress: Progress) -> None:
        while (writes := self._orders.get()) is not None:
            try:
                self._write_down(writes)
            except BaseException as exc:  # noqa: BLE001 - raised again in the loop's thread, which ends with it
                self._failure = exc
            took_ms = (self._clock() - self._begun_at) * 1000
            self._times_ms.append(took_ms)
            self._worst_ms = max(self._worst_ms, took_ms)
            self._busy = ""
            self._done.set()
            if not self._awaited:
                self._tell(Written())

    def _write_down(self, writes: Sequence[Write]) -> None:
        try:
            self._commit(writes)
        except LedgerLost:
            # the next start then notices if the ledger has lost any of it
            self._keep_heads(due=True)
            raise
        self._keep_heads()

    def _keep_heads(self, *, due: bool = False) -> None:
        now = self._clock()
        if due or now >= self._keep_at:
            # a file that can't be written now is written later; the last attempt, at the end, raises
            with contextlib.suppress(LedgerError):
                self._keep_at = now + (_KEEP_S if self._keep() else _KEEP_AGAIN_S)

    def _commit(self, writes: Sequence[Write]) -> None:
        while True:
            try:
                with self._turn:
                    self._ledger.commit(writes)
            except LedgerBusy as exc:
                self._busy = str(exc)
                if self._closing.wait(_RETRY_S):
                    raise LedgerError(f"{exc}; the last decisions are not written") from exc
            else:
                return


def overlaid(prior: Prior | None, job_id: str, writes: Sequence[Write]) -> Prior | None:
    """The record of a job as it will be once `writes` are written."""
    for write in writes:
        if isinstance(write, JobOpened) and write.job.job_id == job_id:
            prior = Prior(state=write.state, attempt=write.attempt, miner_id=write.miner_id, loss=None)
        elif isinstance(write, JobMoved) and write.job_id == job_id and prior is not None:
            loss = write.loss or prior.loss
            prior = Prior(state=write.state, attempt=write.attempt, miner_id=prior.miner_id, loss=loss)
        elif isinstance(write, JobRecovered) and write.job_id == job_id and prior is not None:
            prior = Prior(state=JobState.ALREADY_COMPLETED, attempt=prior.attempt, miner_id=prior.miner_id)
    return prior
