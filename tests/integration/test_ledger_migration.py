"""A ledger of an earlier release: brought up after a copy, in one transaction, and chained."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect

from fleet.domain.causes import Loss
from fleet.domain.jobs import JobState
from fleet.errors import LedgerError
from fleet.ledger import schema
from fleet.ledger.ledger import Ledger
from fleet.ledger.migrations import run as ledger_migrate
from fleet.ledger.reports.export import utc
from fleet.ledger.reports.job_history import explain
from fleet.ledger.reports.verify import verify
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.version import SCHEMA_VERSION

V1 = Path(__file__).parents[1] / "support" / "ledger_v1.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger file of schema 1."""
    path = tmp_path / "ledger.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(V1.read_text())
    connection.execute("PRAGMA journal_mode=WAL")
    connection.commit()
    connection.close()
    return path


def version_of(path: Path) -> str:
    connection = sqlite3.connect(path)
    (version,) = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    connection.close()
    return str(version)


def test_an_older_ledger_is_migrated_after_a_copy_beside_it(old: Path) -> None:
    open_engine(f"sqlite:///{old}").dispose()
    assert version_of(old) == str(SCHEMA_VERSION)
    assert version_of(old.with_name("ledger.sqlite.v1.bak")) == "1"


def test_a_migrated_ledger_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    migrated, new = open_engine(f"sqlite:///{old}"), open_engine(f"sqlite:///{tmp_path / 'new.sqlite'}")
    ours, fresh = inspect(migrated), inspect(new)
    assert sorted(ours.get_table_names()) == sorted(fresh.get_table_names())
    for table in fresh.get_table_names():
        columns = {(column["name"], str(column["type"]), column["nullable"]) for column in ours.get_columns(table)}
        assert columns == {(c["name"], str(c["type"]), c["nullable"]) for c in fresh.get_columns(table)}, table
        names = {index["name"] for index in ours.get_indexes(table)}
        assert names == {index["name"] for index in fresh.get_indexes(table)}, table
    migrated.dispose()
    new.dispose()


def test_what_was_booked_stays_and_is_chained_per_server(old: Path) -> None:
    engine = open_engine(f"sqlite:///{old}")
    verdicts = {verdict.server: verdict for verdict in verify(engine)}
    assert all(verdict.right for verdict in verdicts.values()), verdicts
    assert {name: verdict.verdict.entries for name, verdict in verdicts.items()} == {
        "neonet-main": 2,
        "http://other": 1,
    }
    with Ledger(engine, "neonet-main") as ledger:
        saved = ledger.saved_miner("rig-a1")
        assert saved.booked == Decimal("0.3")
        assert saved.claims == (("j2", Decimal("0.2")),)
        assert saved.lost_answers == (("j3", Decimal("0.3")),)
        (job,) = ledger.saved_miner("rig-b2").open_jobs
        assert (job.job.job_id, job.state) == ("j6", JobState.DISPATCHED)


def test_lost_jobs_get_their_cause(old: Path) -> None:
    engine = open_engine(f"sqlite:///{old}")
    with engine.connect() as connection:
        rows = {(row.loss, row.hour): (row.jobs, row.amount) for row in connection.execute(schema.losses.select())}
    engine.dispose()
    assert rows == {
        (Loss.ANSWER_LOST.value, 500000): (1, "0.3"),
        (Loss.DRAINED.value, 500000): (1, "0.4"),
        (Loss.PAYLOAD.value, 500001): (1, "0.5"),
    }


def test_ids_and_the_life_of_a_job_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    job_id, session_id = "550e8400-e29b-41d4-a716-446655440000", "6f1c8400-e29b-41d4-a716-446655440001"
    open_engine(f"sqlite:///{path}").dispose()
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        UPDATE meta SET value = '3' WHERE name = 'schema';
        INSERT INTO servers VALUES (1, 'neonet-main', 0);
        INSERT INTO miners (id, server, miner_id) VALUES (1, 1, 'rig-a1');
        INSERT INTO sessions (miner, session_id, opened_at, beat_at, beat_entry)
            VALUES (1, '6f1c8400-e29b-41d4-a716-446655440001', 1800000000000, 1800000000000, 0);
        INSERT INTO jobs (server, job_id, miner, session_id, job_type, road, state, attempt, reward, timeout_s,
            assigned_at, events)
            VALUES (1, '550e8400-e29b-41d4-a716-446655440000', 1, '6f1c8400-e29b-41d4-a716-446655440001',
            'inference', 'fetched', 'computed', 2, '0.5', 60, 1800000000000,
            '1800000000000 assigned 1,1800000000004 dispatched 1,1800000000250 computed 2');
        """
    )
    connection.close()
    engine = open_engine(f"sqlite:///{path}")
    (found,) = explain(engine, job_id)
    steps = [(step.at, step.state, step.attempt, step.after_ms) for step in found.steps]
    assert steps == [
        (utc(1_800_000_000_000), "assigned", 1, 0),
        (utc(1_800_000_000_004), "dispatched", 1, 4),
        (utc(1_800_000_000_250), "computed", 2, 246),
    ]
    with Ledger(engine, "neonet-main") as ledger:
        saved = ledger.saved_miner("rig-a1")
    assert saved.session is not None
    assert saved.session.session_id == session_id
    assert [job.job.job_id for job in saved.open_jobs] == [job_id]
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT job_id, session_id FROM jobs").fetchall() == [
        (bytes.fromhex(job_id.replace("-", "")), bytes.fromhex(session_id.replace("-", "")))
    ]
    connection.close()


def test_a_migration_that_fails_changes_nothing_and_can_be_tried_again(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ledger_migrate.STEPS[1]

    def broken(connection: Connection) -> None:
        whole(connection)
        raise RuntimeError("the power goes")

    monkeypatch.setitem(ledger_migrate.STEPS, 1, broken)
    with pytest.raises(RuntimeError):
        open_engine(f"sqlite:///{old}")
    engine = create_engine(f"sqlite:///{old}")
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert version_of(old) == "1"
    assert "chains" not in tables
    monkeypatch.setitem(ledger_migrate.STEPS, 1, whole)
    open_engine(f"sqlite:///{old}").dispose()
    assert version_of(old) == str(SCHEMA_VERSION)


def test_a_reader_does_not_migrate(old: Path) -> None:
    with pytest.raises(LedgerError, match="next start of the coordinator migrates it"):
        open_engine(f"sqlite:///{old}", read_only=True)
    assert version_of(old) == "1"


def test_a_newer_ledger_is_refused(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError, match="use the release that wrote it"):
        open_engine(f"sqlite:///{old}")
    assert not list(old.parent.glob("*.bak*"))
