"""Migrates an older ledger to this release's schema, step by step, in one transaction after a copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from fleet.ledger.migrations import (
    from_1,
    from_2,
    from_3,
    from_4,
    from_5,
    from_6,
    from_7,
    from_8,
    from_9,
    from_10,
    from_11,
)
from fleet.ledger.storage.version import SCHEMA_VERSION

#: the step from each version to the next
STEPS: dict[int, Callable[[Connection], None]] = {
    1: from_1.step,
    2: from_2.step,
    3: from_3.step,
    4: from_4.step,
    5: from_5.step,
    6: from_6.step,
    7: from_7.step,
    8: from_8.step,
    9: from_9.step,
    10: from_10.step,
    11: from_11.step,
}


#: gets how far something is: what it is, how much is done, of how much
ProgressShown = Callable[[str, int, int], object]
#: operations of SQLite between two looks at the growing copy
_LOOK_EVERY = 100_000


def unseen(_words: str, _done: int, _total: int) -> None:
    """Shows nobody how far it is."""


def migrate(engine: Engine, found: int, shown: ProgressShown = unseen) -> None:
    """Migrate a ledger of version `found` to this release's schema, all or nothing. `shown` gets how far it is.

    A SQLite file is first copied to `<name>.v<found>.bak`. Another database is for its administrator to back up.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        _copy(engine, Path(engine.url.database), found, shown)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # otherwise the driver would commit each change of a table separately
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        for version in range(found, SCHEMA_VERSION):
            shown("migrating the ledger", version - found, SCHEMA_VERSION - found)
            STEPS[version](connection)
        connection.execute(
            text("UPDATE meta SET value = :version WHERE name = 'schema'"), {"version": str(SCHEMA_VERSION)}
        )
        connection.commit()


def _copy(engine: Engine, path: Path, found: int, shown: ProgressShown) -> None:
    """Copy the whole file, including its write-ahead log. The copy gets its name only once it is complete."""
    copy = path.with_name(f"{path.name}.v{found}.bak")
    unfinished = copy.with_name(f"{copy.name}.part")
    unfinished.unlink(missing_ok=True)
    size = path.stat().st_size

    def look() -> None:
        if unfinished.exists():
            shown("copying the ledger before its migration", min(unfinished.stat().st_size, size), size)

    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(look, _LOOK_EVERY)
        try:
            connection.exec_driver_sql("VACUUM INTO ?", (str(unfinished),))
        finally:
            driver.set_progress_handler(None, 0)
    unfinished.replace(copy)
