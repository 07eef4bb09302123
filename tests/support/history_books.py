"""A ledger whose payments and losses are made at chosen times."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from fleet.domain.amounts import EntryKind
from fleet.domain.calendar import HOUR_MS
from fleet.domain.causes import Loss
from fleet.domain.effects import Booked, JobMoved, JobOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.domain.proof import Proof
from fleet.domain.wall_clock import Jump
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace

#: 2027-01-15 08:00 UTC
EIGHT = 500_000 * HOUR_MS
MINUTE_MS = 60_000
MINER, OTHER_MINER = "neo1aaaaaaaaaaaa", "neo1bbbbbbbbbbbb"


class Books:
    """A ledger with a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.place = LedgerPlace(url=f"sqlite:///{folder / 'ledger.sqlite'}", simulated=False)
        self.now_ms, self._jobs = EIGHT, 0
        self.jumps: list[Jump] = []
        self.ledger = Ledger(open_engine(self.place.url), "one", now_ms=lambda: self.now_ms, jumps=lambda: self.jumps)
        self.ledger.name_miners({MINER: "garage", OTHER_MINER: "attic"})

    def paid(
        self, amount: str, job_type: str = "inference", worker: str = "worker@shed-0123456789ab", miner: str = MINER
    ) -> None:
        self._write(EntryKind.JOB, amount, job_type, worker, miner)

    def beat(self, amount: str) -> None:
        self._write(EntryKind.HEARTBEAT, amount, "", "")

    def lost(self, reward: str, loss: Loss) -> None:
        self._jobs += 1
        job = Job(
            job_id=f"j{self._jobs}",
            job_type="inference",
            data={},
            reward=Decimal(reward),
            origin=JobOrigin.FETCHED,
            timeout_s=60.0,
        )
        opened = JobOpened(job=job, miner_id=MINER, session_id="s", state=JobState.ASSIGNED, attempt=1)
        moved = JobMoved(
            job_id=job.job_id, state=JobState.EXPIRED, attempt=1, strikes=0, sends=0, mended=False, loss=loss
        )
        self._commit([opened, moved])

    def _write(self, kind: EntryKind, amount: str, job_type: str, worker: str, miner: str = MINER) -> None:
        self._jobs += 1
        entry = Entry(
            miner_id=miner,
            kind=kind,
            amount=Decimal(amount),
            confirmed=True,
            session_id="s",
            job_id=f"j{self._jobs}" if kind is EntryKind.JOB else None,
            job_type=job_type,
            proof=Proof(worker=worker),
        )
        self._commit([Booked(entry=entry)])

    def jump(self, to_ms: int) -> None:
        """Set the clock."""
        self.jumps, self.now_ms = [Jump(from_ms=self.now_ms, to_ms=to_ms)], to_ms

    def _commit(self, writes: list[Write]) -> None:
        self.ledger.commit(writes)
        self.jumps = []
