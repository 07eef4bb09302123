"""History comes from the ledger alone: minute by minute and hour by hour, by miner, job type and host."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Loss
from fleet.domain.effects import Booked, JobMoved, JobOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.domain.proof import Proof
from fleet.ledger.engine import open_engine
from fleet.ledger.entries import HOUR_MS
from fleet.ledger.ledger import Ledger
from fleet.ledger.places import LedgerPlace
from fleet.ledger.reports import history
from fleet.ledger.reports.history import Paid, by_miner, hours, losses_by_cause, minutes

#: 2027-01-15 08:00 UTC
EIGHT = 500_000 * HOUR_MS
MINUTE_MS = 60_000
MINER = "neo1aaaaaaaaaaaa"


class Books:
    """A ledger with a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.place = LedgerPlace(url=f"sqlite:///{folder / 'ledger.sqlite'}", simulated=False)
        self.now_ms, self._jobs = EIGHT, 0
        self.ledger = Ledger(open_engine(self.place.url), "one", now_ms=lambda: self.now_ms)
        self.ledger.name_miners({MINER: "garage"})

    def paid(self, amount: str, job_type: str = "inference", worker: str = "worker@shed-0123456789ab") -> None:
        self._write(EntryKind.JOB, amount, job_type, worker)

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

    def _write(self, kind: EntryKind, amount: str, job_type: str, worker: str) -> None:
        self._jobs += 1
        entry = Entry(
            miner_id=MINER,
            kind=kind,
            amount=Decimal(amount),
            confirmed=True,
            session_id="s",
            job_id=f"j{self._jobs}" if kind is EntryKind.JOB else None,
            job_type=job_type,
            proof=Proof(worker=worker),
        )
        self._commit([Booked(entry=entry)])

    def _commit(self, writes: list[Write]) -> None:
        self.ledger.commit(writes)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path)
    with made.ledger:
        yield made


def test_minutes_tell_miner_type_and_host_apart_and_name_no_id(books: Books) -> None:
    books.paid("0.1")
    books.paid("0.2", worker="worker@shed-ba9876543210")
    books.paid("1", job_type=f"odd {MINER}", worker="worker@attic")
    books.now_ms += MINUTE_MS
    books.beat("0.5")
    first = EIGHT // MINUTE_MS
    assert minutes(books.place, "one", EIGHT, books.now_ms + 1) == [
        Paid(first, "garage", "inference", "shed", 2, Decimal("0.3")),
        Paid(first, "garage", "odd garage", "attic", 1, Decimal(1)),
        Paid(first + 1, "garage", "heartbeat", "", 0, Decimal("0.5")),
    ]
    assert minutes(books.place, "another", EIGHT, books.now_ms + 1) == []


def test_minutes_are_read_back_page_by_page_as_far_as_asked(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 7)
    for _ in range(60):
        books.paid("0.1")
        books.now_ms += MINUTE_MS
    rows = minutes(books.place, "one", EIGHT + 20 * MINUTE_MS, EIGHT + 50 * MINUTE_MS)
    assert [row.at - EIGHT // MINUTE_MS for row in rows] == list(range(20, 50))
    assert sum(row.amount for row in minutes(books.place, "one", 0, books.now_ms)) == 6


def test_hours_are_the_ledgers_sums(books: Books) -> None:
    books.paid("0.1")
    books.now_ms += HOUR_MS
    books.paid("0.25")
    books.beat("0.5")
    rows = hours(books.place, "one", 500_001)
    assert rows == [
        Paid(500_001, "garage", "heartbeat", "", 0, Decimal("0.5")),
        Paid(500_001, "garage", "inference", "", 1, Decimal("0.25")),
    ]
    assert by_miner(hours(books.place, "one", 0)) == {"garage": Decimal("0.85")}
    assert hours(books.place, "one", 0, 500_000) == []


def test_losses_are_summed_by_cause_within_hours(books: Books) -> None:
    books.lost("0.1", Loss.EXPIRED)
    books.now_ms += HOUR_MS
    books.lost("0.2", Loss.EXPIRED)
    books.lost("0.3", Loss.KERNEL)
    assert losses_by_cause(books.place, "one") == {"expired": (2, Decimal("0.3")), "kernel failed": (1, Decimal("0.3"))}
    assert losses_by_cause(books.place, "one", 500_001) == {
        "expired": (1, Decimal("0.2")),
        "kernel failed": (1, Decimal("0.3")),
    }


def test_an_empty_ledger_has_no_history(books: Books) -> None:
    assert minutes(books.place, "one", 0, books.now_ms) == []
    assert hours(books.place, "one", 0) == []
    assert losses_by_cause(books.place, "one") == {}
