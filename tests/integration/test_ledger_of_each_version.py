"""A ledger of each version, written by a farm of that release, is migrated whole and keeps its contents.

One file: each test holds the same dumps, one of each version, against what is read of them today.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from fleet.domain.causes import Loss
from fleet.domain.jobs import JobState
from fleet.ledger.column_types import life, unpacked
from fleet.ledger.ledger import Ledger
from fleet.ledger.migrations.run import STEPS
from fleet.ledger.reports.verify import verify
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.version import SCHEMA_VERSION

SUPPORT = Path(__file__).parents[1] / "support"
VERSIONS = range(1, SCHEMA_VERSION + 1)
#: the first version that stores ids and job histories compactly
COMPACT = 4
#: the first version that stores histories at all
HISTORIES = 2

Row = tuple[Any, ...]


def written(version: int, path: Path) -> Path:
    """A ledger file as a farm of that version left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((SUPPORT / f"farm_ledger_v{version}.sql").read_text(encoding="utf-8"))
    return path


def rows(path: Path, query: str, *values: str) -> list[Row]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()


#: what is compared of each table: its kind, its columns, keys and indexes, in any order
PARTS = (
    "SELECT 'without rowid', wr FROM pragma_table_list(?) WHERE schema = 'main'",
    """SELECT 'column', name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)""",
    """SELECT 'foreign key', "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?)""",
    """SELECT 'unique', (SELECT group_concat(name) FROM pragma_index_info(list.name))
        FROM pragma_index_list(?) AS list WHERE origin = 'u'""",
    "SELECT 'index', name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?",
)


def structure(path: Path) -> dict[str, set[Row]]:
    tables = [str(name) for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: {row for part in PARTS for row in rows(path, part, table)} for table in tables}


def migrated(version: int, folder: Path) -> Path:
    path = written(version, folder / "ledger.sqlite")
    open_engine(f"sqlite:///{path}").dispose()
    return path


def as_text(value: str | bytes | None) -> str | None:
    return None if value is None else unpacked(value)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_gets_the_tables_of_a_new_ledger(version: int, tmp_path: Path) -> None:
    new = tmp_path / "new.sqlite"
    open_engine(f"sqlite:///{new}").dispose()
    assert structure(migrated(version, tmp_path)) == structure(new)


@pytest.mark.parametrize("version", STEPS)
def test_a_step_makes_the_tables_that_the_release_after_it_made(version: int, tmp_path: Path) -> None:
    path = written(version, tmp_path / "before.sqlite")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        STEPS[version](connection)
    engine.dispose()
    assert structure(path) == structure(written(version + 1, tmp_path / "after.sqlite"))


@pytest.mark.parametrize("version", VERSIONS)
def test_its_chain_and_its_tables_agree_by_the_checks_of_today(version: int, tmp_path: Path) -> None:
    path = migrated(version, tmp_path)
    engine = open_engine(f"sqlite:///{path}", read_only=True)
    (verdict,) = verify(engine)
    engine.dispose()
    assert verdict.right, verdict
    assert verdict.verdict.entries == rows(path, "SELECT count(*) FROM entries")[0][0] > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_its_entries_sums_and_counters_stay(version: int, tmp_path: Path) -> None:
    before, after = written(version, tmp_path / "before.sqlite"), migrated(version, tmp_path)
    for query in (
        "SELECT * FROM sums ORDER BY miner, kind, job_type, hour",
        "SELECT * FROM counters WHERE name NOT LIKE 'findings%' ORDER BY server, name",
        "SELECT id, miner, server, kind, job_type, amount, confirmed, evidence, booked_at FROM entries ORDER BY id",
        "SELECT miner_id, base_total, base_booked, base_at, base_entry FROM miners ORDER BY id",
    ):
        assert rows(after, query) == rows(before, query) != [], query


@pytest.mark.parametrize("version", VERSIONS)
def test_its_ids_are_read_as_they_were_given(version: int, tmp_path: Path) -> None:
    before, after = written(version, tmp_path / "before.sqlite"), migrated(version, tmp_path)
    for query in ("SELECT job_id, session_id FROM entries ORDER BY id", "SELECT session_id FROM sessions ORDER BY id"):
        given = rows(before, query)
        stored = rows(after, query)
        assert {type(value) for row in stored for value in row} == {bytes}, query
        assert [[as_text(value) for value in row] for row in stored] == [[as_text(v) for v in row] for row in given]
        if version < COMPACT:
            assert {type(value) for row in given for value in row} == {str}, query


@pytest.mark.parametrize("version", [version for version in VERSIONS if HISTORIES <= version < COMPACT])
def test_its_job_histories_are_read_as_they_were_written(version: int, tmp_path: Path) -> None:
    before, after = written(version, tmp_path / "before.sqlite"), migrated(version, tmp_path)
    given = {}
    for job_id, events in rows(before, "SELECT job_id, events FROM jobs"):
        given[job_id] = [tuple(event.split()) for event in events.split(",")]
    read = {}
    for job_id, events, assigned_at in rows(after, "SELECT job_id, events, assigned_at FROM jobs"):
        read[unpacked(job_id)] = [
            (str(assigned_at + event.after_ms), event.state.value, str(event.attempt)) for event in life(events)
        ]
    assert read == given != {}


@pytest.mark.parametrize("version", VERSIONS)
def test_its_open_sessions_and_jobs_are_found_by_a_start(version: int, tmp_path: Path) -> None:
    before, after = written(version, tmp_path / "before.sqlite"), migrated(version, tmp_path)
    miners = [str(name) for (name,) in rows(before, "SELECT miner_id FROM miners")]
    sessions = {as_text(one) for (one,) in rows(before, "SELECT session_id FROM sessions WHERE closed_at IS NULL")}
    jobs = {as_text(one) for (one,) in rows(before, "SELECT job_id FROM jobs WHERE finished_at IS NULL")}
    with Ledger(open_engine(f"sqlite:///{after}"), "simulator") as ledger:
        accounts = [ledger.saved_miner(miner) for miner in miners]
    assert {one.session.session_id for one in accounts if one.session is not None} == sessions != set()
    assert {job.job.job_id for one in accounts for job in one.open_jobs} == jobs != set()


#: states and causes of lost jobs as version 1 wrote them, and today's name of the loss
LOST = (
    ("expired", "server forgot the job", Loss.FORGOTTEN),
    ("expired", "answer lost: read timed out", Loss.ANSWER_LOST),
    ("expired", "drained before it was done", Loss.DRAINED),
    ("rejected", "Invalid result format", Loss.BAD_FORMAT),
    ("quarantined", "PayloadError: size", Loss.PAYLOAD),
    ("quarantined", "unknown job type 'x'", Loss.PAYLOAD),
    ("quarantined", "TimeLimitExceeded(60)", Loss.TIME_LIMIT),
    ("quarantined", "SoftTimeLimitExceeded()", Loss.TIME_LIMIT),
    ("quarantined", "WorkerLostError: signal 9", Loss.WORKER_LOST),
    ("rejected", "Not yours", Loss.REFUSED),
    ("expired", None, Loss.EXPIRED),
    ("quarantined", "ValueError", Loss.KERNEL),
)


def test_each_loss_of_version_1_has_a_name_of_today(tmp_path: Path) -> None:
    path = written(1, tmp_path / "ledger.sqlite")
    jobs = [job_id for (job_id,) in rows(path, "SELECT job_id FROM jobs ORDER BY job_id")][: len(LOST)]
    with closing(sqlite3.connect(path)) as connection:
        for job_id, (state, cause, _) in zip(jobs, LOST, strict=True):
            connection.execute("UPDATE jobs SET state = ?, cause = ? WHERE job_id = ?", (state, cause, job_id))
        connection.commit()
    open_engine(f"sqlite:///{path}").dispose()
    losses = {as_text(job_id): loss for job_id, loss in rows(path, "SELECT job_id, loss FROM jobs")}
    assert [Loss(losses[job_id]) for job_id in jobs] == [loss for _, _, loss in LOST]
    assert rows(path, "SELECT sum(jobs) FROM losses") == [(len(LOST),)]


def test_each_state_in_a_history_of_version_3_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = written(3, tmp_path / "ledger.sqlite")
    history = ",".join(f"{1_800_000_000_000 + index} {state} 2" for index, state in enumerate(JobState))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE jobs SET assigned_at = 1800000000000, events = ?", (history,))
        connection.commit()
    open_engine(f"sqlite:///{path}").dispose()
    for (events,) in rows(path, "SELECT events FROM jobs"):
        read = [(event.state, event.attempt, event.after_ms) for event in life(events)]
        assert read == [(state, 2, index) for index, state in enumerate(JobState)]


def test_a_migration_says_how_far_it_is(tmp_path: Path) -> None:
    shown: list[tuple[str, int, int]] = []
    path = written(1, tmp_path / "ledger.sqlite")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """CREATE TABLE ballast (x TEXT);
            WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row LIMIT 100000)
            INSERT INTO ballast SELECT hex(zeroblob(100)) FROM row"""
        )
    open_engine(f"sqlite:///{path}", shown=lambda *one: shown.append(one)).dispose()
    steps = SCHEMA_VERSION - 1
    migrating = [one for one in shown if one[0] == "migrating the ledger"]
    assert migrating == [("migrating the ledger", number, steps) for number in range(steps)]
    copying = shown[: -len(migrating)]
    assert copying, "the copy grows while it is made"
    assert {one[0] for one in copying} == {"copying the ledger before its migration"}
    assert all(0 <= done <= total for _, done, total in copying)
