"""The ledger on a real disk: what it refuses, and what a restart finds in it."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Loss
from fleet.domain.effects import Booked, JobMoved, JobOpened, SessionOpened
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.errors import LedgerError
from fleet.ledger.column_types import LETTERS
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.lock import Lock

URL = "sqlite:///{}"


def opened(job_id: str, *, reopened: bool = False) -> JobOpened:
    job = Job(
        job_id=job_id,
        job_type="inference",
        data={"size": 3},
        reward=Decimal("0.4"),
        origin=JobOrigin.FETCHED,
        timeout_s=60.0,
    )
    return JobOpened(job=job, miner_id="rig-1", session_id="s1", state=JobState.ASSIGNED, attempt=1, reopened=reopened)


def moved(job_id: str, state: JobState) -> JobMoved:
    return JobMoved(
        job_id=job_id, state=state, attempt=1, strikes=0, sends=1, mended=False, result={"output_hash": "x"}
    )


def paid(job_id: str, amount: str, *, confirmed: bool = True) -> Booked:
    return Booked(
        entry=Entry(
            miner_id="rig-1",
            kind=EntryKind.JOB,
            amount=Decimal(amount),
            confirmed=confirmed,
            session_id="s1",
            job_id=job_id,
            job_type="inference",
        )
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_a_restart_finds_what_was_open_and_what_was_paid(path: Path) -> None:
    with Ledger(open_engine(URL.format(path)), "here") as ledger:
        ledger.begin_run("r1")
        ledger.commit([SessionOpened(miner_id="rig-1", session_id="s1", offset=Decimal(0)), opened("j1"), opened("j2")])
        ledger.commit(
            [moved("j1", JobState.SUBMITTING), moved("j1", JobState.ACCEPTED), paid("j1", "0.1428571428571428")]
        )
        ledger.commit([moved("j2", JobState.COMPUTED)])
    with Ledger(open_engine(URL.format(path)), "here") as ledger:
        saved = ledger.saved_miner("rig-1")
        counts = ledger.run_and_ledger("r1")[0].jobs
    assert saved.booked == Decimal("0.1428571428571428")
    assert saved.session is not None
    assert (saved.session.session_id, saved.session.completed) == ("s1", 1)
    assert [(job.job.job_id, job.state, job.result) for job in saved.open_jobs] == [
        ("j2", JobState.COMPUTED, {"output_hash": "x"})
    ]
    assert counts["assigned"] == counts["accepted"] + counts["open"] == 2


def test_a_job_is_paid_once_and_a_turn_that_pays_twice_changes_nothing(path: Path) -> None:
    with Ledger(open_engine(URL.format(path)), "here") as ledger:
        ledger.commit([opened("j1"), paid("j1", "0.4")])
        with pytest.raises(LedgerError, match="can't be written"):
            ledger.commit([opened("j2"), paid("j1", "0.4")])
        assert ledger.find("j2") is None
        ledger.commit([opened("j2"), paid("j2", "0.2")])
        assert ledger.saved_miner("rig-1").booked == Decimal("0.6")


def test_a_job_that_ends_and_is_given_again_in_one_turn_is_open_and_counted_once(path: Path) -> None:
    with Ledger(open_engine(URL.format(path)), "here") as ledger:
        ledger.begin_run("r1")
        ledger.commit([opened("j1")])
        ledger.commit([moved("j1", JobState.EXPIRED), opened("j1", reopened=True)])
        counts = ledger.run_and_ledger("r1")[0].jobs
    assert (counts["assigned"], counts["expired"], counts["open"]) == (1, 0, 1)


def test_a_corrupt_file_is_named(path: Path) -> None:
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        open_engine(URL.format(path))


def test_a_newer_schema_is_refused(path: Path) -> None:
    open_engine(URL.format(path)).dispose()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema'")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError, match="999"):
        open_engine(URL.format(path))


def test_a_ledger_that_is_not_there_is_an_error_to_readers(path: Path) -> None:
    with pytest.raises(LedgerError, match="fleet up"):
        open_engine(URL.format(path), read_only=True)
    assert not path.exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://farmer:a-secret-word@db:fifty/fleet", "not a URL like"),
        ("postgresql+psycopg://farmer:a-secret-word@[::1/fleet", "not a URL like"),
        ("postgresql+telepathy://farmer:a-secret-word@db/fleet", r"knows no postgresql\+telepathy"),
        ("sqlite://farmer:a-secret-word@host/ledger.sqlite", "absolute/path"),
    ],
)
def test_a_url_that_names_no_ledger_is_an_error_without_its_password(url: str, said: str) -> None:
    with pytest.raises(LedgerError, match=said) as caught:
        open_engine(url)
    assert "FLEET_LEDGER_URL" in str(caught.value)
    assert "a-secret-word" not in str(caught.value)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(LedgerError, match="FLEET_STATE_DIR"):
        Lock(blocker / "coordinator.lock")


@pytest.mark.parametrize("end", [JobState.SUBMITTING, JobState.ACCEPTED, JobState.EXPIRED])
def test_moves_in_one_commit_leave_the_row_that_one_commit_each_would(tmp_path: Path, end: JobState) -> None:
    by = {"worker": "w@h", "kernel_version": "2", "compute_ms": 1.5}
    loss = Loss.EXPIRED if end is JobState.EXPIRED else None
    moves = [
        JobMoved(
            job_id="j1",
            state=state,
            attempt=2,
            strikes=1,
            sends=number,
            mended=False,
            result={"n": number},
            **(by if state is JobState.COMPUTED else {}),  # type: ignore[arg-type]
            cause="attempt 1 failed" if state is JobState.DISPATCHED else None,
            loss=loss if state is end else None,
        )
        for number, state in enumerate((JobState.DISPATCHED, JobState.COMPUTED, end))
    ]
    found = []
    for name, commits in (("together", [moves]), ("apart", [[move] for move in moves])):
        file = tmp_path / name
        with Ledger(open_engine(URL.format(file)), "here", now_ms=lambda: 1_800_000_000_000) as ledger:
            ledger.commit([opened("j1")])
            for writes in commits:
                ledger.commit(writes)
        with sqlite3.connect(file) as connection:
            found.append(connection.execute("SELECT * FROM jobs").fetchall())
            found.append(connection.execute("SELECT * FROM losses").fetchall())
    assert found[:2] == found[2:]
    assert f"a1.0,d2.0,c2.0,{LETTERS[end]}2.0" in found[0][0]
