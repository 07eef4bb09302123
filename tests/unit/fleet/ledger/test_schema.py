"""The ledger's tables hold what is written into them, in each database."""

from __future__ import annotations

import pytest
from sqlalchemy import Column
from sqlalchemy.dialects import postgresql, sqlite

from fleet.ledger import schema

MOMENTS = [column for table in schema.metadata.sorted_tables for column in table.columns if column.name.endswith("_at")]


@pytest.mark.parametrize("column", MOMENTS, ids=str)
def test_a_time_in_milliseconds_fits_into_its_column(column: Column[int]) -> None:
    """PostgreSQL's INTEGER ends at 2^31, some 25 days in milliseconds."""
    assert column.type.compile(postgresql.dialect()) == "BIGINT"  # type: ignore[no-untyped-call]
    assert column.type.compile(sqlite.dialect()) == "INTEGER"


def test_there_are_times_to_check() -> None:
    assert {"base_at", "beat_at", "booked_at", "assigned_at", "finished_at", "found_at"} <= {c.name for c in MOMENTS}
