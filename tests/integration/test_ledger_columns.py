"""Each column of the ledger that is altered by hand is found by `fleet ledger verify`, or is excused here by name.

One file: the table of excused columns is read by the test that alters each column.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, LargeBinary

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Difference, Loss
from fleet.domain.effects import (
    BalanceSeen,
    BaseSet,
    Booked,
    Confirmed,
    Found,
    HabitSeen,
    JobMoved,
    JobOpened,
    SessionBeat,
    SessionOpened,
    TotalsSeen,
    Write,
)
from fleet.domain.jobs import Entry, Finding, Job, JobOrigin, JobState
from fleet.domain.proof import Exchange, Proof
from fleet.domain.saved_state import Habit
from fleet.domain.session_effects import SessionRequested
from fleet.domain.wallets import StatedWallet
from fleet.errors import LedgerError
from fleet.ledger import schema
from fleet.ledger.column_types import Id
from fleet.ledger.ledger import Ledger
from fleet.ledger.proof.heads import Head
from fleet.ledger.reports.verify import ServerVerdict, verify
from fleet.ledger.storage.engine import open_engine

#: why a column may be altered unseen: no amount that is booked depends on it
EXCUSED = {
    "servers.simulated": "nobody reads it",
    "session_requests.requested_at": "nobody reads it",
    "findings.id": "only their order counts, and that is sealed",
    "jobs.attempt": "how often a job was computed",
    "jobs.strikes": "how often a job was computed",
    "jobs.sends": "how often a job was submitted",
    "jobs.mended": "how a job was submitted",
    "jobs.result": "a wrong result is refused by the server",
    "jobs.worker": "shown by explain alone; the entry has a copy that is chained",
    "jobs.kernel_version": "shown by explain alone; the entry has a copy that is chained",
    "jobs.compute_ms": "shown by explain alone",
    "jobs.cause": "shown by explain alone",
    "jobs.loss": "what an open job was to end as; that of an ended one is summed in the losses",
    "jobs.events": "shown by explain alone",
}
#: why a column may be altered unseen once its job has ended
ENDED = {
    "jobs.job_id": "the entry has it; lost jobs are summed without it",
    "jobs.job_type": "the entry has it; lost jobs are summed without it",
    "jobs.session_id": "the entry has a copy that is chained",
    "jobs.road": "nobody reads it again",
    "jobs.reward": "the entry has the amount; that of a lost job is summed in the losses",
    "jobs.timeout_s": "nobody reads it again",
    "jobs.data": "removed when the job ended",
    "jobs.assigned_at": "shown by explain alone",
    "jobs.finished_at": "that of a lost job is summed in the losses by hour",
    "jobs.seal": "removed when the job ended",
}


def job(number: int) -> JobOpened:
    given = Job(
        job_id=f"00000000-0000-4000-8000-{number:012}",
        job_type="data_hash",
        data={"text": "é", "size": 3},
        reward=Decimal("0.1"),
        origin=JobOrigin.NEXT,
        timeout_s=60,
    )
    return JobOpened(job=given, miner_id="rig-a1", session_id="s1", state=JobState.ASSIGNED, attempt=1)


def moved(given: JobOpened, state: JobState, loss: Loss | None = None) -> JobMoved:
    return JobMoved(job_id=given.job.job_id, state=state, attempt=1, strikes=0, sends=1, mended=False, loss=loss)


def payment(given: JobOpened, *, confirmed: bool) -> Booked:
    entry = Entry(
        miner_id=given.miner_id,
        kind=EntryKind.JOB,
        amount=Decimal("0.1"),
        confirmed=confirmed,
        session_id=given.session_id,
        job_id=given.job.job_id,
        job_type=given.job.job_type,
        evidence="paid",
        proof=Proof(
            exchange=Exchange.of(b"body", b"answer"),
            worker="w@h",
            kernel_version="1",
            input_digest=b"i" * 32,
            result_digest=b"r" * 32,
        ),
    )
    return Booked(entry=entry)


def turns() -> Iterator[list[Write]]:
    """Jobs that are paid, unconfirmed, confirmed, lost and open; a base, a stated total, a habit and a finding."""
    yield [SessionOpened(miner_id="rig-a1", session_id="s1", offset=Decimal(0))]
    for number in (1, 2):
        yield [job(number), moved(job(number), JobState.ACCEPTED), payment(job(number), confirmed=True)]
    yield [job(3), moved(job(3), JobState.ALREADY_COMPLETED), payment(job(3), confirmed=False)]
    yield [BaseSet(miner_id="rig-a1", total=Decimal("0.3"), booked=Decimal("0.3"), jobs=3, registered_at=1_800_000_000)]
    yield [Confirmed(job_ids=(job(3).job.job_id,), evidence="the session's sum")]
    yield [job(4), moved(job(4), JobState.EXPIRED, Loss.DRAINED)]
    yield [TotalsSeen(miner_id="rig-a1", total=Decimal("0.3"), booked=Decimal(0), verdict="agrees")]
    wallet = StatedWallet(balance=Decimal("0.3"), total=Decimal("0.3"), booked=Decimal("0.3"))
    yield [BalanceSeen(miner_id="rig-a1", wallet=wallet)]
    yield [HabitSeen(habit=Habit.PAYS_REPORTED_JOBS)]
    finding = Finding(kind=Difference.UNKNOWN, amount=Decimal("0.5"), evidence="the total")
    yield [Found(miner_id="rig-a1", finding=finding, extra_jobs=1)]
    yield [SessionBeat(miner_id="rig-a1", session_id="s1", counted=True, offset=Decimal("0.2"))]
    yield [job(5)]
    yield [SessionRequested(miner_id="rig-a1")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger in which every column holds something, and which nobody has open."""
    path = tmp_path / "ledger.sqlite"
    with Ledger(open_engine(f"sqlite:///{path}"), "here") as ledger:
        ledger.begin_run("r1")
        for turn in turns():
            ledger.commit(turn)
    return path


def verdicts(file: Path) -> list[ServerVerdict]:
    engine = open_engine(f"sqlite:///{file}", read_only=True)
    try:
        kept = [Head(server="here", entries=4, hash=head(file), at="then")]
        return verify(engine, kept=kept)
    finally:
        engine.dispose()


def head(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT hash FROM chains").fetchone()
        return bytes(found[0]).hex() if isinstance(found[0], bytes) else "00"


def found(file: Path) -> bool:
    """Whether the ledger is said to be wrong."""
    try:
        return not all(one.right for one in verdicts(file))
    except LedgerError:
        return True


#: tables that hold nothing about money: facts about the ledger itself and the hosts, what is paused, and what is kept,
#: which `fleet replay` compares with the chain
_OTHER = {"meta", "controls", "control_log", "host_records", "kept_work"}
COLUMNS = [column for table in schema.metadata.sorted_tables if table.name not in _OTHER for column in table.columns]


def another(value: Any, column: Column[Any]) -> Any:
    """A value that a column could hold, and does not."""
    if value is None or isinstance(value, bytes):
        return bytes(32) if isinstance(column.type, (LargeBinary, Id)) else 7
    if isinstance(column.type, Boolean):
        return not value
    return f"{value}1" if isinstance(value, str) else value + 1000


def missed(file: Path, column: Column[Any]) -> list[tuple[Any, ...]]:
    """The keys of the rows in which this column was altered unseen, one row at a time."""
    key = [one.name for one in column.table.primary_key]
    unseen = []
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(f"SELECT {column.name}, {', '.join(key)} FROM {column.table.name}").fetchall()  # noqa: S608 - names of the schema
    assert rows, f"{column.table.name} has no row to alter"
    for value, *place in rows:
        copy = file.with_name("altered.sqlite")
        shutil.copy(file, copy)
        where = " AND ".join(f"{name} = ?" for name in key)
        with closing(sqlite3.connect(copy)) as connection:
            statement = f"UPDATE {column.table.name} SET {column.name} = ? WHERE {where}"  # noqa: S608 - as above
            assert connection.execute(statement, (another(value, column), *place)).rowcount == 1
            connection.commit()
        if not found(copy):
            unseen.append(tuple(place))
    return unseen


def test_an_untouched_ledger_is_right(file: Path) -> None:
    assert not found(file), verdicts(file)


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_an_altered_column_is_found_in_each_row_or_excused(column: Column[Any], file: Path) -> None:
    unseen = missed(file, column)
    if str(column) in ENDED:
        with closing(sqlite3.connect(file)) as connection:
            ended = connection.execute("SELECT server, job_id FROM jobs WHERE finished_at IS NOT NULL").fetchall()
        assert unseen
        assert set(unseen) <= set(ended)
    else:
        assert bool(unseen) == (str(column) in EXCUSED), unseen


ALTERATIONS = {
    "a base": "UPDATE miners SET base_total = '0.1'",
    "a session's sum": "UPDATE sessions SET offset_nnet = '5'",
    "an open job's reward": "UPDATE jobs SET reward = '9' WHERE finished_at IS NULL",
    "a finding": "UPDATE findings SET amount = '0'",
    "findings and their seal": "DELETE FROM findings; DELETE FROM counters WHERE name LIKE 'findings%'",
}


@pytest.mark.parametrize("statements", ALTERATIONS.values(), ids=ALTERATIONS)
def test_what_a_farm_writes_later_hides_no_alteration(statements: str, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(statements)
    finding = Finding(kind=Difference.UNKNOWN, amount=Decimal("0.5"), evidence="the total")
    with Ledger(open_engine(f"sqlite:///{file}"), "here") as ledger:
        ledger.name_miners({"rig-a1": "north"})
        ledger.commit([SessionBeat(miner_id="rig-a1", session_id="s1", offset=Decimal("0.3"))])
        ledger.commit([TotalsSeen(miner_id="rig-a1", total=Decimal("0.4"), booked=Decimal(0), verdict="agrees")])
        ledger.commit([Found(miner_id="rig-a1", finding=finding), moved(job(5), JobState.DISPATCHED)])
    assert found(file)


def test_changes_of_one_row_in_one_turn_are_all_written(file: Path) -> None:
    finding = Finding(kind=Difference.OTHER_CLIENT, amount=Decimal("0.5"), evidence="the total")
    with Ledger(open_engine(f"sqlite:///{file}"), "here") as ledger:
        before = ledger.saved_miner("rig-a1")
        ledger.commit([Found(miner_id="rig-a1", finding=finding, extra_jobs=2) for _ in range(2)])
        beats = [SessionBeat(miner_id="rig-a1", session_id="s1", offset=Decimal(n), counted=n < 2) for n in range(3)]
        ledger.commit(beats)
        after = ledger.saved_miner("rig-a1")
    assert before.base_jobs is not None
    assert after.base_jobs == before.base_jobs + 4
    assert after.session is not None
    assert after.session.offset == 1
    assert not found(file)


def test_what_is_excused_exists() -> None:
    assert EXCUSED.keys() | ENDED.keys() <= {str(column) for column in COLUMNS}
