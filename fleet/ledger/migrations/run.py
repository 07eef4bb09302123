"""Migrates an older ledger to this release's schema, step by step, in one transaction after a copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from fleet.ledger.migrations import from_1, from_2, from_3, from_4, from_5, from_6
from fleet.ledger.version import SCHEMA_VERSION

#: the step from each version to the next
STEPS: dict[int, Callable[[Connection], None]] = {
    1: from_1.step,
    2: from_2.step,
    3: from_3.step,
    4: from_4.step,
    5: from_5.step,
    6: from_6.step,
}


def migrate(engine: Engine, found: int) -> None:
    """Migrate a ledger of version `found` to this release's schema, all or nothing.

    A SQLite file is first copied to `<name>.v<found>.bak`. Another database is for its administrator to back up.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        _copy(engine, Path(engine.url.database), found)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # otherwise the driver would commit each change of a table separately
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        for version in range(found, SCHEMA_VERSION):
            STEPS[version](connection)
        connection.execute(
            text("UPDATE meta SET value = :version WHERE name = 'schema'"), {"version": str(SCHEMA_VERSION)}
        )
        connection.commit()


def _copy(engine: Engine, path: Path, found: int) -> None:
    """Copy the whole file, including its write-ahead log. The copy gets its name only once it is complete."""
    copy = path.with_name(f"{path.name}.v{found}.bak")
    unfinished = copy.with_name(f"{copy.name}.part")
    unfinished.unlink(missing_ok=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(unfinished),))
    unfinished.replace(copy)
