"""Statements that the driver runs itself: they mean what SQLAlchemy's own execution means."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert, select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.exc import IntegrityError

from fleet.ledger import schema
from fleet.ledger.jobs import _MOVE_FINAL, _MOVE_OPEN
from fleet.ledger.statements import _Prepared, run, update_by_key, upsert

JOB_ID = "0b5c1f7e-8a4d-4d5e-9d5b-0a3a1f6f2c11"
JOB: dict[str, Any] = {
    "server": 1,
    "job_id": JOB_ID,
    "miner": 1,
    "session_id": "s",
    "job_type": "matrix_ops",
    "road": "fetched",
    "state": "assigned",
    "attempt": 1,
    "reward": "0.10000000000000000001",
    "timeout_s": 60.0,
    "data": "{}",
    "assigned_at": 1,
    "events": "a1",
}
MOVED: dict[str, Any] = {
    "key_server": 1,
    "key_job_id": JOB_ID,
    "new_state": "dispatched",
    "new_attempt": 2,
    "new_strikes": 0,
    "new_sends": 0,
    "new_mended": True,
    "new_result": None,
    "new_worker": None,
    "new_kernel": None,
    "new_ms": 1.5,
    "new_cause": None,
    "new_loss": None,
    "new_events": ",d2.@",
    "new_now": 7,
}


@pytest.fixture
def connection() -> Any:
    """An empty ledger in memory."""
    with create_engine("sqlite://").connect() as one:
        schema.metadata.create_all(one)
        yield one


def rows(connection: Connection) -> list[Any]:
    return [tuple(row) for row in connection.execute(select(schema.jobs))]


def test_a_row_is_what_sqlalchemy_would_have_written(connection: Connection) -> None:
    connection.execute(insert(schema.jobs), [JOB])
    connection.execute(_MOVE_OPEN, [MOVED])
    expected = rows(connection)
    connection.execute(schema.jobs.delete())
    run(connection, insert(schema.jobs), [JOB])
    run(connection, _MOVE_OPEN, [MOVED])
    assert rows(connection) == expected
    assert expected[0].count(JOB_ID) == 1


def test_many_rows_go_at_once(connection: Connection) -> None:
    run(connection, insert(schema.jobs), [JOB | {"job_id": f"job-{number}"} for number in range(3)])
    found = connection.execute(select(schema.jobs.c.job_id).order_by(schema.jobs.c.job_id)).scalars()
    assert list(found) == ["job-0", "job-1", "job-2"]


def test_a_row_that_is_there_is_replaced_by_putting(connection: Connection) -> None:
    put = upsert("sqlite", schema.chains)
    for seq, last in ((1, b"one"), (2, b"two")):
        run(connection, put, [{"server": 1, "seq": seq, "hash": last}])
    assert [tuple(row) for row in connection.execute(select(schema.chains))] == [(1, 2, b"two")]


def test_the_names_of_a_row_choose_what_is_set(connection: Connection) -> None:
    run(connection, insert(schema.jobs), [JOB])
    change = update_by_key(schema.jobs, ("server", "job_id"))
    key = {"key_server": 1, "key_job_id": JOB_ID}
    run(connection, change, [key | {"state": "computed"}])
    run(connection, change, [key | {"cause": "why", "state": "expired"}])
    found = connection.execute(select(schema.jobs.c.state, schema.jobs.c.cause)).one()
    assert tuple(found) == ("expired", "why")


def test_errors_are_sqlalchemys(connection: Connection) -> None:
    run(connection, insert(schema.jobs), [JOB])
    with pytest.raises(IntegrityError):
        run(connection, insert(schema.jobs), [JOB])


@pytest.mark.parametrize("statement", [_MOVE_OPEN, _MOVE_FINAL], ids=["open", "final"])
def test_a_driver_that_wants_names_gets_each_of_them(statement: Any) -> None:
    dialect = psycopg.dialect()  # type: ignore[no-untyped-call]
    prepared = _Prepared(statement, dialect, tuple(MOVED))
    wanted = set(re.findall(r"%\((\w+)\)s", prepared.text))
    values = prepared.values(MOVED | {"new_finished": 9})
    assert wanted <= values.keys()
    assert values["new_mended"] is True
    # milliseconds since 1970 are more than 32 bits hold
    assert "%(new_now)s::BIGINT" in prepared.text


def test_a_row_without_a_parameter_is_an_error_not_a_null(connection: Connection) -> None:
    with pytest.raises(KeyError, match="new_attempt"):
        run(connection, _MOVE_OPEN, [{"new_state": "dispatched"}])
