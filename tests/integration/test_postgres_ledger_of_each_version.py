"""A PostgreSQL ledger with the tables and rows of each version is migrated to the tables of a new one, and verifies."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from fleet.errors import LedgerError
from fleet.ledger.column_types import life, unpacked
from fleet.ledger.reports.verify import verify
from fleet.ledger.storage.engine import open_engine, stored_version
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.storage.version import SCHEMA_VERSION
from fleet.ledger.trial import CopyNeededError, tried
from tests.support.lacks import lacks
from tests.support.postgres import Postgres, postgres

SUPPORT = Path(__file__).parents[1] / "support"
#: SQLite's types and PostgreSQL's, as patterns of the tables' SQL
TYPES = (
    (r"\bid INTEGER NOT NULL", "id SERIAL NOT NULL"),
    (r"\b(\w+_at|at|since|until|seal|position) INTEGER", r"\1 BIGINT"),
    (r"\bBLOB\b", "BYTEA"),
    (r"\) WITHOUT ROWID", ")"),
)
#: tables that others refer to
FIRST = ("servers", "miners")
TABLES = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
INDEXES = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server with an empty database."""
    if importlib.util.find_spec("psycopg") is None:
        lacks("no psycopg: .venv/bin/pip install 'psycopg[binary]'")
    with postgres() as started:
        yield started


def place(server: Postgres, name: str) -> str:
    """The URL of an empty ledger in a PostgreSQL schema of its own."""
    engine = create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{server.url}?options=-csearch_path%3D{name}"


def copied(version: int, url: str) -> None:
    """Write the tables and rows of the dump of that version into a PostgreSQL ledger."""
    with closing(sqlite3.connect(":memory:")) as dump:
        dump.executescript((SUPPORT / f"farm_ledger_v{version}.sql").read_text(encoding="utf-8"))
        dump.row_factory = sqlite3.Row
        tables = {row["name"]: row["sql"] for row in dump.execute(TABLES)}
        engine = create_engine(url)
        with engine.begin() as connection:
            for table in (*FIRST, *sorted(tables.keys() - set(FIRST))):
                statement = re.sub(r"\s+", " ", tables[table])
                for ours, theirs in TYPES:
                    statement = re.sub(ours, theirs, statement)
                connection.execute(text(statement))
                _copy_rows(dump, connection, table)
            for row in dump.execute(INDEXES):
                connection.execute(text(row["sql"]))
        engine.dispose()


def _copy_rows(dump: sqlite3.Connection, connection: Connection, table: str) -> None:
    columns = {column["name"]: str(column["type"]) for column in inspect(connection).get_columns(table)}
    names = ", ".join(columns)
    for row in dump.execute(f"SELECT {names} FROM {table}"):  # noqa: S608 - names of the dump
        values = {name: _value(row[name], name, kind) for name, kind in columns.items()}
        holders = ", ".join(f":{name}" for name in columns)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({holders})"), values)  # noqa: S608 - as above


def _value(value: Any, name: str, kind: str) -> Any:
    """A value of SQLite's as PostgreSQL's column holds it: ids as text, flags as booleans."""
    if value is not None and name in {"job_id", "session_id"}:
        return unpacked(value)
    return bool(value) if kind == "BOOLEAN" else value


def structure(url: str) -> dict[str, tuple[object, ...]]:
    engine = open_engine(url)
    found = inspect(engine)
    tables: dict[str, tuple[object, ...]] = {
        table: (
            {(one["name"], str(one["type"]), one["nullable"]) for one in found.get_columns(table)},
            found.get_pk_constraint(table)["constrained_columns"],
            {(*one["constrained_columns"], one["referred_table"]) for one in found.get_foreign_keys(table)},
            {
                (one["name"], *one["column_names"], one["unique"], str(one.get("dialect_options")))
                for one in found.get_indexes(table)
            },
        )
        for table in found.get_table_names()
    }
    engine.dispose()
    return tables


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_it_gets_the_tables_of_a_new_ledger_and_keeps_its_contents(version: int, server: Postgres) -> None:
    new, old = place(server, f"new_for_{version}"), place(server, f"from_{version}")
    copied(version, old)
    sums = text("SELECT miner, kind, job_type, hour, payments, amount FROM sums ORDER BY miner, kind, job_type, hour")
    engine = create_engine(old)
    with engine.connect() as connection:
        before = connection.execute(sums).all()
    engine.dispose()
    assert structure(old) == structure(new)
    engine = open_engine(old, read_only=True)
    (verdict,) = verify(engine)
    with engine.connect() as connection:
        assert connection.execute(sums).all() == before != []
        histories = connection.execute(text("SELECT events FROM jobs WHERE events IS NOT NULL")).scalars().all()
    engine.dispose()
    assert verdict.right, verdict
    assert verdict.verdict.entries > 0
    assert all(life(events)[0].after_ms == 0 for events in histories)


def test_an_upgrade_is_tried_on_a_copy_that_is_named_and_never_on_the_farms_own_ledger(
    server: Postgres, tmp_path: Path
) -> None:
    url, copy = place(server, "before_an_upgrade"), place(server, "its_copy")
    for one in (url, copy):
        copied(SCHEMA_VERSION - 1, one)
    farm = LedgerPlace(url=url, simulated=False)
    with pytest.raises(CopyNeededError, match=f"it has schema {SCHEMA_VERSION - 1}, this release {SCHEMA_VERSION}"):
        tried(farm, tmp_path / "heads")
    with pytest.raises(LedgerError, match="the farm's own ledger"):
        tried(farm, tmp_path / "heads", copy_url=url.replace("127.0.0.1", "localhost"))
    trial = tried(farm, tmp_path / "heads", copy_url=copy)
    assert (trial.schema, trial.problems, trial.held.jobs > 0) == (SCHEMA_VERSION - 1, (), True)
    assert (stored_version(url), stored_version(copy)) == (str(SCHEMA_VERSION - 1), str(SCHEMA_VERSION))
    assert tried(LedgerPlace(url=copy, simulated=False), tmp_path / "heads").held == trial.held
