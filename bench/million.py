"""Quickly builds a ledger of a million paid jobs: the ledger writes some jobs, and SQL copies them under other ids.

The copies are inserted in the order of their random ids, as in a farm, so that rows and indexes are as large as in a
ledger that grew.

One file: what is copied and how it is copied are known nowhere else.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from fleet.domain.amounts import EntryKind
from fleet.domain.effects import Booked, JobMoved, JobOpened, SessionClosed, SessionOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.domain.proof import Exchange, Proof
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.simulator.jobs import JOB_TYPE_NAMES, draw_data

SERVER = "http://127.0.0.1:8000"
JOBS = 1_000_000
MINERS = 100
#: how many jobs 100 miners can do within 5,000 requests per minute
_JOBS_PER_HOUR = 144_000
_HOUR_MS = 3_600_000
_PATTERNS = 4_000
#: number of copies inserted at once
_AT_ONCE = 25
_TYPES = JOB_TYPE_NAMES[:8]
_WORKER = "worker@attic"
_KERNELS = "1"
_RESULT: dict[str, object] = {"results_hash": "0" * 64, "analyzed": 20, "flagged": [], "compute_time_ms": 1.25}


def miner_id(number: int) -> str:
    """The id of a farm's miner."""
    return f"rig-{number % MINERS + 1:03}"


def session_id(number: int) -> str:
    """The id of that miner's only session."""
    return str(uuid.UUID(int=number % MINERS))


def entry(number: int, job_id: str) -> Entry:
    """The payment of a job."""
    digest = random.Random(number).randbytes
    return Entry(
        miner_id=miner_id(number),
        kind=EntryKind.JOB,
        amount=Decimal("0.3703703703703704"),
        confirmed=True,
        session_id=session_id(number),
        job_id=job_id,
        job_type=_TYPES[number % len(_TYPES)],
        proof=Proof(
            exchange=Exchange(sent=digest(32), answered=digest(32)),
            worker=_WORKER,
            kernel_version=_KERNELS,
            input_digest=digest(32),
            result_digest=digest(32),
        ),
    )


def openings() -> list[Write]:
    """The writes that start one session for each miner."""
    return [SessionOpened(miner_id=miner_id(n), session_id=session_id(n), offset=None) for n in range(MINERS)]


def closings() -> list[Write]:
    """The writes that end these sessions."""
    return [SessionClosed(miner_id=miner_id(n), session_id=session_id(n), cause="stopped") for n in range(MINERS)]


def lives(numbers: Sequence[int]) -> list[list[Write]]:
    """Five turns of the loop, each with one step of all these jobs: opened, dispatched, computed, sent, paid."""
    ids = {number: str(uuid.UUID(int=random.Random(f"job {number}").getrandbits(128))) for number in numbers}
    steps = (JobState.DISPATCHED, JobState.COMPUTED, JobState.SUBMITTING)
    opened: list[Write] = [_opened(number, job_id) for number, job_id in ids.items()]
    moved: list[list[Write]] = [[_moved(job_id, state) for job_id in ids.values()] for state in steps]
    paid: list[Write] = [_moved(job_id, JobState.ACCEPTED) for job_id in ids.values()]
    return [opened, *moved, [*paid, *[Booked(entry=entry(number, job_id)) for number, job_id in ids.items()]]]


def _opened(number: int, job_id: str) -> JobOpened:
    job_type = _TYPES[number % len(_TYPES)]
    return JobOpened(
        job=Job(
            job_id=job_id,
            job_type=job_type,
            data=draw_data(job_type, random.Random(number)),
            reward=Decimal("0.3703703703703704"),
            origin=JobOrigin.FETCHED,
            timeout_s=60.0,
        ),
        miner_id=miner_id(number),
        session_id=session_id(number),
        state=JobState.ASSIGNED,
        attempt=1,
    )


def _moved(job_id: str, state: JobState) -> JobMoved:
    computed = state is JobState.COMPUTED
    return JobMoved(
        job_id=job_id,
        state=state,
        attempt=1,
        strikes=0,
        sends=int(state in {JobState.SUBMITTING, JobState.ACCEPTED}),
        mended=False,
        result=None if state is JobState.DISPATCHED else _RESULT,
        worker=_WORKER if computed else None,
        kernel_version=_KERNELS if computed else None,
        compute_ms=1.234 if computed else None,
    )


@cache
def folder() -> tempfile.TemporaryDirectory[str]:
    """The folder of this process's ledger."""
    return tempfile.TemporaryDirectory(prefix="fleet-bench-million-", ignore_cleanup_errors=True)


@cache
def ledger_file() -> Path:
    """The ledger of `JOBS` jobs, built at the first call."""
    path = Path(folder().name) / "ledger.sqlite3"
    url = f"sqlite:///{path}"
    hours = range(-(-JOBS // _JOBS_PER_HOUR))
    clock = iter(range(10**15))
    with Ledger(open_engine(url), SERVER, now_ms=lambda: 1_760_000_000_000 + next(clock) // 5 * 1000) as ledger:
        ledger.commit(openings())
        for first in range(0, _PATTERNS, 100):
            for turn in lives(range(first, first + 100)):
                ledger.commit(turn)
        ledger.commit(closings())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000;")
        _copy(connection)
        _spread_sums(connection, len(hours))
        connection.execute("PRAGMA journal_mode=WAL")
    return path


def copied() -> Path:
    """A copy of the ledger that may be written."""
    copy = ledger_file().with_name("copy.sqlite3")
    shutil.copy(ledger_file(), copy)
    return copy


def _copy(connection: sqlite3.Connection) -> None:
    jobs = connection.execute("SELECT * FROM jobs ORDER BY job_id").fetchall()
    names = [row[1] for row in connection.execute("PRAGMA table_info(jobs)")]
    entries = dict(_by_job(connection))
    entry_names = [row[1] for row in connection.execute("PRAGMA table_info(entries)")]
    at, entry_at = names.index("job_id"), entry_names.index("job_id")
    id_at, seq_at = entry_names.index("id"), entry_names.index("seq")
    insert_job = f"INSERT INTO jobs VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - no value is in the text
    insert_entry = f"INSERT INTO entries VALUES ({', '.join('?' * len(entry_names))})"  # noqa: S608
    number = len(jobs)
    while number < JOBS:
        new_jobs: list[tuple[Any, ...]] = []
        new_entries: list[list[object]] = []
        for job in (jobs * _AT_ONCE)[: JOBS - number]:
            number += 1
            old = job[at]
            job_id: object = uuid.uuid4().bytes if isinstance(old, bytes) else str(uuid.uuid4())
            new_jobs.append((*job[:at], job_id, *job[at + 1 :]))
            row = list(entries[old])
            row[id_at], row[seq_at], row[entry_at] = number, number, job_id
            new_entries.append(row)
        connection.executemany(insert_job, sorted(new_jobs, key=itemgetter(at)))
        connection.executemany(insert_entry, new_entries)
    connection.commit()


def _by_job(connection: sqlite3.Connection) -> list[tuple[object, tuple[object, ...]]]:
    cursor = connection.execute("SELECT * FROM entries")
    at = [column[0] for column in cursor.description].index("job_id")
    return [(row[at], row) for row in cursor]


def _spread_sums(connection: sqlite3.Connection, hours: int) -> None:
    """Divide the sums equally among the hours."""
    times = JOBS // _PATTERNS // hours
    with connection:
        rows = connection.execute("SELECT miner, kind, job_type, hour, payments, unconfirmed, amount FROM sums")
        spread = [
            (miner, kind, job_type, hour + n + 1, payments * times, unconfirmed, str(Decimal(amount) * times))
            for miner, kind, job_type, hour, payments, unconfirmed, amount in rows.fetchall()
            for n in range(hours)
        ]
        of_hosts = connection.execute("SELECT server, host, job_type, hour, jobs, amount FROM host_sums").fetchall()
        connection.execute("DELETE FROM host_sums")
        connection.executemany(
            "INSERT INTO host_sums VALUES (?, ?, ?, ?, ?, ?)",
            [
                (server, host, job_type, hour + n + 1, jobs * times, str(Decimal(amount) * times))
                for server, host, job_type, hour, jobs, amount in of_hosts
                for n in range(hours)
            ],
        )
        connection.execute("DELETE FROM sums")
        connection.executemany("INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?, ?)", spread)
        connection.execute("UPDATE chains SET seq = ?", (JOBS,))
        connection.execute("UPDATE counters SET value = ?", (JOBS,))
